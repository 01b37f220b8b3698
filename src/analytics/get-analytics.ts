import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import {
  type Analytics,
  type AnalyticsGroup,
  type Grouping,
  groupings,
  type Interval,
  intervals,
} from "./analytics.ts";
import { countFreshRows } from "./count-fresh-rows.ts";
import { bucketOf, type Dimension, type RollupEntry } from "./rollup.ts";
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
// The counting's pace (count-new-rows.ts) and the longest that its next round may take to begin: what is older is counted,
// also where there is too much that is younger for one answer.
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

function dimensionOf(groupBy: Grouping): Dimension {
  return groupBy === "team" ? "agent" : groupBy;
}

// Grouped in the database: an hour of one thing has some eighty rows, and a year of a hundred things would be seventy million.
function selectValues(groupBy: Grouping, interval: Interval | undefined): string {
  const dimension = dimensionOf(groupBy);
  const start = interval === undefined ? "NULL::timestamptz" : `date_trunc('${interval}', r.bucket, 'UTC')`;
  const [subject, name] = groupBy === "team" ? ["agents.team", "agents.team"] : ["r.subject::text", namesOf[dimension]];
  return `SELECT ${subject} AS subject, ${name} AS name, ${start} AS start, r.measure, r.bin, sum(r.value) AS value
          FROM (SELECT subject, bucket, measure, bin, value FROM rollups
                WHERE project_id = $1 AND dimension = '${dimension}' AND bucket >= $2 AND bucket < $3
                UNION ALL
                SELECT * FROM unnest($4::uuid[], $5::timestamptz[], $6::text[], $7::smallint[], $8::float8[])) AS r
                (subject, bucket, measure, bin, value)
          JOIN ${dimension}s ON ${dimension}s.id = r.subject
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
  tx: Transaction,
  projectId: string,
  [from, to]: readonly [Date, Date],
  { groupBy, interval }: AnalyticsQuestion,
  fresh: readonly RollupEntry[],
): Promise<AnalyticsGroup[]> {
  const asked = fresh.filter(
    ({ dimension, bucket }) => dimension === dimensionOf(groupBy) && bucket >= from && bucket < to,
  );
  const rows = await tx.query<ValueRow>({ text: selectValues(groupBy, interval) }, [
    projectId,
    from,
    to,
    asked.map((entry) => entry.subject),
    asked.map((entry) => entry.bucket),
    asked.map((entry) => entry.measure),
    asked.map((entry) => entry.bin),
    asked.map((entry) => entry.value),
  ]);
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
 * 200 busiest. They come from what has been counted, so that they cost the same however much there is, and from what is
 * too young for that. Without an interval, the time is cut to the last 400 days of it. Throws InvalidError when `from` is
 * not before `to`, or the steps of an interval would be too many: more than 400 days, or 31 of hours.
 */
export async function getAnalytics(ctx: Context, question: AnalyticsQuestion): Promise<Analytics> {
  authorise(ctx.actor, "analytics:read");
  const { groupBy, interval } = question;
  const nowMs = ctx.clock.now();
  const askedTo = new Date(Math.ceil((question.to?.getTime() ?? nowMs) / hourMs) * hourMs);
  const askedFrom = bucketOf(question.from ?? new Date(askedTo.getTime() - dayMs));
  if (askedFrom >= askedTo)
    throw new InvalidError("from must be before to", [{ path: "from", message: "must be before to" }]);
  // Nothing has happened in the hours to come.
  const to = new Date(
    Math.max(askedFrom.getTime() + hourMs, Math.min(askedTo.getTime(), Math.ceil(nowMs / hourMs) * hourMs)),
  );
  const longest = longestMs[interval ?? "none"];
  if (interval !== undefined && to.getTime() - askedFrom.getTime() > longest) {
    const message = `must be at most ${longest / dayMs} days before to`;
    throw new InvalidError(`from ${message}`, [{ path: "from", message }]);
  }
  const from = new Date(Math.max(askedFrom.getTime(), to.getTime() - longest));
  return await ctx.db.transaction(async (tx) => {
    await tx.query({ text: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY" }, []);
    const fresh = await countFreshRows(tx, ctx.actor.projectId);
    const countedMs = fresh.isPartial ? nowMs - delayMs : nowMs;
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      groupBy,
      ...(interval === undefined ? {} : { interval }),
      countedUntil: new Date(Math.min(to.getTime(), countedMs)).toISOString(),
      data: await selectGroups(tx, ctx.actor.projectId, [from, to], question, fresh.entries),
    };
  });
}
