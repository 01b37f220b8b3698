import type { Executor } from "../platform/database.ts";
import { isTerminal, taskStates } from "../tasks/task-state.ts";

const openStates = taskStates.filter((state) => !isTerminal(state));

const selectPending = {
  name: "select_pending_old_events",
  text: `SELECT e.id FROM unnest($1::uuid[]) AS i (id) JOIN events e ON e.id = i.id
         WHERE EXISTS (SELECT FROM tasks t WHERE t.event_id = e.id AND t.state = ANY ($2))
            OR EXISTS (SELECT FROM pending_decisions p WHERE p.event_id = e.id)
            OR EXISTS (SELECT FROM debounced_events c WHERE c.event_id = e.id)
            OR EXISTS (SELECT FROM held_events h JOIN sources s ON s.id = h.source_id AND s.deleted_at IS NULL
                       WHERE h.source_id = e.source_id AND h.event_id = e.id)`,
};

/** Those of these events of which something is still to come: a task that has not ended, or a decision. */
export async function selectPendingEvents(db: Executor, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(selectPending, [ids, openStates]);
  return new Set(rows.map((row) => row.id));
}

// A replay that has not come there yet, and that asks for events of that time.
const runningReplay = `
  SELECT FROM replays r WHERE r.state = 'running' AND (r.last_event_id IS NULL OR r.last_event_id < $2)
    AND coalesce((r.filter ->> 'after')::timestamptz, '-infinity') < $5
    AND coalesce((r.filter ->> 'before')::timestamptz, 'infinity') > $4`;

// Each a range of an index: the events of the range themselves are not read. Held ones by way of the few sources that are
// paused, since they are listed by source.
const selectWork = {
  text: `SELECT EXISTS (SELECT FROM tasks WHERE event_id >= $1 AND event_id < $2 AND state = ANY ($3)) AS tasks,
                EXISTS (SELECT FROM pending_decisions WHERE event_id >= $1 AND event_id < $2) AS decisions,
                EXISTS (SELECT FROM debounced_events WHERE event_id >= $1 AND event_id < $2) AS debounces,
                EXISTS (SELECT FROM sources s CROSS JOIN LATERAL (
                          SELECT FROM held_events h
                          WHERE h.source_id = s.id AND h.event_id >= $1 AND h.event_id < $2 LIMIT 1) AS held
                        WHERE s.deleted_at IS NULL) AS held,
                EXISTS (${runningReplay}) AS replays`,
};

/** The ids of a day, from the first up to the first of the next. */
export interface IdRange {
  readonly fromId: string;
  readonly toId: string;
  readonly from: Date;
  readonly to: Date;
}

/** What of events in this range is still under way, in words for the log; undefined: nothing is. */
export async function findPendingWork(db: Executor, { fromId, toId, from, to }: IdRange): Promise<string | undefined> {
  const [row = {}] = await db.query<Record<string, boolean>>(selectWork, [fromId, toId, openStates, from, to]);
  const pending = Object.keys(row).filter((kind) => row[kind] === true);
  return pending.length === 0 ? undefined : pending.join(", ");
}

const selectReplay = {
  text: `SELECT 1 FROM replays WHERE state = 'running' AND ($1::uuid IS NULL OR project_id = $1) LIMIT 1`,
};

/** Whether a replay is under way, of the project or of any. */
export async function isReplaying(db: Executor, projectId?: string): Promise<boolean> {
  return (await db.query(selectReplay, [projectId ?? null])).length > 0;
}
