import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import {
  type Analytics,
  type AnalyticsGroup,
  type Grouping,
  groupings,
  type Interval,
  intervals,
} from "./analytics.ts";
import { bucketOf, type Dimension } from "./rollup.ts";
import { type MeasuredValue, summarise } from "./summarise.ts";

/** Which numbers are wanted. */
export interface AnalyticsQuestion {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly groupBy: Grouping;
  readonly interval?: Interval | undefined;
}

export const analyticsQuestion = {
  groupBy: z.enum(groupings).default("agent"),
  interval: z.enum(intervals).optional(),
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const longestMs = { none: 400 * dayMs, day: 400 * dayMs, hour: 31 * dayMs };
const maxGroups = 200;
// The counting's pace (count-new-rows.ts) and the longest that its next round may take to begin.
const delayMs = 90_000;

interface ValueRow extends MeasuredValue {
  /** A uuid, or a team. */
  readonly subject: string | null;
  readonly name: string | null;
  /** Of the step of the series; null without one. */
  readonly start: Date | null;
}

const namesOf: Readonly<Record<Dimension, string>> = {
  agent: "agents.name",
  route: "routes.name",
  source: "sources.name",
  endpoint: "endpoints.url",
};

// Grouped in the database: an hour of one thing has some eighty rows, and a year of a hundred things would be seventy million.
function selectValues(groupBy: Grouping, interval: Interval | undefined): string {
  const dimension: Dimension = groupBy === "team" ? "agent" : groupBy;
  const start = interval === undefined ? "NULL::timestamptz" : `date_trunc('${interval}', r.bucket, 'UTC')`;
  const [subject, name] = groupBy === "team" ? ["agents.team", "agents.team"] : ["r.subject::text", namesOf[dimension]];
  return `SELECT ${subject} AS subject, ${name} AS name, ${start} AS start, r.measure, r.bin, sum(r.value) AS value
          FROM rollups r JOIN ${dimension}s ON ${dimension}s.id = r.subject
          WHERE r.project_id = $1 AND r.dimension = '${dimension}' AND r.bucket >= $2 AND r.bucket < $3
          GROUP BY 1, 2, 3, 4, 5`;
}

function seriesOf(rows: readonly ValueRow[]): NonNullable<AnalyticsGroup["series"]> {
  const steps = Map.groupBy(rows, (row) => (row.start as Date).toISOString());
  return [...steps]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([start, values]) => ({ start, ...summarise(values) }));
}

function weightOf({ events = 0, tasks, attempts }: AnalyticsGroup): number {
  const ends = tasks === undefined ? 0 : Object.values(tasks).reduce((a, b) => a + b);
  return events + ends + (attempts === undefined ? 0 : attempts.succeeded + attempts.failed);
}

async function selectGroups(
  db: Executor,
  projectId: string,
  range: readonly [Date, Date],
  { groupBy, interval }: AnalyticsQuestion,
): Promise<AnalyticsGroup[]> {
  const rows = await db.query<ValueRow>({ text: selectValues(groupBy, interval) }, [projectId, ...range]);
  const groups = [...Map.groupBy(rows, (row) => row.subject)].map(([subject, values]): AnalyticsGroup => {
    const name = values[0]?.name ?? null;
    return {
      ...(subject === null || groupBy === "team" ? {} : { id: toWireId(groupBy, subject) }),
      ...(name === null ? {} : { name }),
      ...summarise(values),
      ...(interval === undefined ? {} : { series: seriesOf(values) }),
    };
  });
  return groups.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(0, maxGroups);
}

/**
 * Counts, success rates, durations and usage between two moments (the last 24 hours when absent), in whole hours, for the
 * 200 busiest. They come from what has been counted, so that they cost the same however much there is. Throws InvalidError
 * when the time is longer than 400 days, or 31 with an interval of an hour.
 */
export async function getAnalytics(ctx: Context, question: AnalyticsQuestion): Promise<Analytics> {
  authorise(ctx.actor, "analytics:read");
  const { groupBy, interval } = question;
  const nowMs = ctx.clock.now();
  const to = new Date(Math.ceil((question.to?.getTime() ?? nowMs) / hourMs) * hourMs);
  const from = bucketOf(question.from ?? new Date(to.getTime() - dayMs));
  if (from >= to) throw new InvalidError("from must be before to", [{ path: "from", message: "must be before to" }]);
  const longest = longestMs[interval ?? "none"];
  if (to.getTime() - from.getTime() > longest) {
    const message = `must be at most ${longest / dayMs} days before to`;
    throw new InvalidError(`from ${message}`, [{ path: "from", message }]);
  }
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    groupBy,
    ...(interval === undefined ? {} : { interval }),
    countedUntil: new Date(Math.min(to.getTime(), nowMs - delayMs)).toISOString(),
    data: await selectGroups(ctx.db, ctx.actor.projectId, [from, to], question),
  };
}
