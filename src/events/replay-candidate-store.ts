import { firstIdAt } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import type { ReplayFilter, ReplayOutcome } from "./replay-filter.ts";

/** A stretch of the way from a project's oldest event to its newest. */
export interface Stretch {
  /** After the event with this uuid; undefined: from the first. */
  readonly afterId: string | undefined;
  /** Only events older than this uuid. */
  readonly untilId: string;
  readonly limit: number;
}

// Oldest first is the order of the lists' indexes read backwards, NULLS FIRST, which no primary key can give.
const ofProject = `
  SELECT e.id FROM events e
  WHERE e.project_id = $1 AND e.id >= $2 AND e.id < $3 AND e.id > $4
  ORDER BY e.id NULLS FIRST LIMIT $5`;
const ofType = `
  SELECT e.id FROM events e
  WHERE e.project_id = $1 AND e.type = $6 AND e.id >= $2 AND e.id < $3 AND e.id > $4
  ORDER BY e.id NULLS FIRST LIMIT $5`;
// The oldest of each source in turn, then the oldest of these. A project has few sources; deleted ones count.
const ofSources = (more: string): string => `
  SELECT oldest.id
  FROM sources s
  CROSS JOIN LATERAL (
    SELECT e.id FROM events e
    WHERE e.source_id = s.id AND e.id >= $2 AND e.id < $3 AND e.id > $4 ${more}
    ORDER BY e.id NULLS FIRST LIMIT $5
  ) AS oldest
  WHERE s.project_id = $1 AND ($6::uuid IS NULL OR s.id = $6) AND ($7::text IS NULL OR s.provider = $7)
  ORDER BY oldest.id LIMIT $5`;

const firstId = "00000000-0000-0000-0000-000000000000";

/** The next events that a filter asks for, but for their outcome, oldest first. */
export async function selectReplayStretch(
  db: Executor,
  projectId: string,
  { sourceId, provider, type, after, before }: ReplayFilter,
  { afterId = firstId, untilId, limit }: Stretch,
): Promise<string[]> {
  const from = after === undefined ? firstId : firstIdAt(after.getTime());
  const until = before === undefined ? untilId : [untilId, firstIdAt(before.getTime())].toSorted()[0];
  const values: unknown[] = [projectId, from, until, afterId, limit];
  let text = type === undefined ? ofProject : ofType;
  if (sourceId !== undefined || provider !== undefined) {
    text = ofSources(type === undefined ? "" : "AND e.project_id = $1 AND e.type = $8");
    values.push(sourceId ?? null, provider ?? null);
  }
  if (type !== undefined) values.push(type);
  return (await db.query<{ id: string }>({ text }, values)).map((row) => row.id);
}

const hasTask = "EXISTS (SELECT FROM tasks t WHERE t.event_id = i.id AND t.state = $3)";
const hasDecision = "EXISTS (SELECT FROM event_decisions d WHERE d.event_id = i.id AND d.outcome = $3)";
const cameToNothing = `
  NOT EXISTS (SELECT FROM tasks t WHERE t.event_id = i.id)
  AND NOT EXISTS (SELECT FROM event_decisions d WHERE d.event_id = i.id)
  AND NOT EXISTS (SELECT FROM pending_decisions p WHERE p.event_id = i.id)
  AND NOT EXISTS (SELECT FROM debounced_events c WHERE c.event_id = i.id)`;

function conditionOf(outcome: ReplayOutcome): string {
  switch (outcome) {
    case "no_match":
      return `$3::text IS NOT NULL AND ${cameToNothing}`;
    case "held":
    case "coalesced":
    case "deduplicated":
      return hasDecision;
    case "failed":
      return `(${hasDecision} OR ${hasTask})`;
    default:
      return hasTask;
  }
}

// An event that its paused source holds has not been routed yet: its release will do that. By way of the few sources that
// hold any, not of the event: joined to it, 2,000 took 180 ms instead of 5.
const notWaiting = `NOT EXISTS (
  SELECT FROM sources s JOIN held_events h ON h.source_id = s.id AND h.event_id = i.id
  WHERE s.project_id = $2 AND s.intake <> 'open')`;

/**
 * Those of these events of the project that have been routed and came to this outcome, in the same order. By id, from a short
 * list, so that each is looked up, however many came to it in all.
 */
export async function selectReplayable(
  db: Executor,
  projectId: string,
  ids: readonly string[],
  outcome: ReplayOutcome | undefined,
): Promise<string[]> {
  if (ids.length === 0) return [];
  const condition = outcome === undefined ? "" : `AND ${conditionOf(outcome)}`;
  const text = `SELECT i.id FROM unnest($1::uuid[]) AS i (id) WHERE ${notWaiting} ${condition} ORDER BY i.id`;
  const values = [ids, projectId, ...(outcome === undefined ? [] : [outcome])];
  return (await db.query<{ id: string }>({ text }, values)).map((row) => row.id);
}
