import { readUsage } from "../budgets/usage.ts";
import { bucketOf, type Rollup, type RollupKey } from "./rollup.ts";
import type { CountedTable } from "./rollup-store.ts";

interface EventRow {
  readonly id: string;
  readonly project_id: string;
  readonly source_id: string;
  readonly received_at: Date;
}

const selectEvents = {
  name: "count_events",
  text: `SELECT id, project_id, source_id, received_at FROM events WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`,
};

function countEvent(rollup: Rollup, row: EventRow): void {
  const bucket = bucketOf(row.received_at);
  rollup.add({ projectId: row.project_id, dimension: "source", subject: row.source_id, bucket }, "events", 1);
}

interface EndedTaskRow {
  readonly id: string;
  /** The message's, e.g. `task.completed`. */
  readonly type: string;
  readonly created_at: Date;
  /** Null when the message is about no end of a task. */
  readonly agent_id: string | null;
  readonly project_id: string;
  readonly route_id: string | null;
  readonly source_id: string | null;
  readonly submitted_at: Date;
  readonly first_started_at: Date | null;
  readonly last_started_at: Date | null;
  readonly usages: readonly unknown[] | null;
}

// The end of a task is always announced, so that its messages are the list of ends, in their order.
const selectEndedTasks = {
  name: "count_ended_tasks",
  text: `SELECT m.id, m.type, m.created_at, m.project_id, t.agent_id, t.route_id, t.event ->> 'sourceId' AS source_id,
                coalesce(t.start_after, t.created_at) AS submitted_at, a.first_started_at, a.last_started_at, a.usages
         FROM messages m
         LEFT JOIN tasks t ON t.id = m.task_id AND m.type IN ('task.completed', 'task.failed', 'task.canceled', 'task.rejected')
         LEFT JOIN LATERAL (
           SELECT min(started_at) AS first_started_at, max(started_at) AS last_started_at,
                  json_agg(usage) FILTER (WHERE usage IS NOT NULL) AS usages
           FROM task_attempts WHERE task_id = t.id
         ) a ON true
         WHERE m.id > $1 AND m.id < $2 ORDER BY m.id LIMIT $3`,
};

function countEndedTask(rollup: Rollup, row: EndedTaskRow): void {
  if (row.agent_id === null) return;
  const { project_id: projectId, created_at: endedAt, first_started_at: first, last_started_at: last } = row;
  const bucket = bucketOf(endedAt);
  const keys: RollupKey[] = [{ projectId, dimension: "agent", subject: row.agent_id, bucket }];
  if (row.route_id !== null) keys.push({ projectId, dimension: "route", subject: row.route_id, bucket });
  if (row.source_id !== null) keys.push({ projectId, dimension: "source", subject: row.source_id, bucket });
  const usages = (row.usages ?? []).map(readUsage);
  for (const key of keys) {
    rollup.add(key, row.type, 1);
    if (first !== null) rollup.addDuration(key, "wait", first.getTime() - row.submitted_at.getTime());
    if (last !== null) rollup.addDuration(key, "run", endedAt.getTime() - last.getTime());
    for (const { tokens = 0, cost = 0 } of usages) {
      if (tokens > 0) rollup.add(key, "tokens", tokens);
      // Of millionths of a dollar, as budgets count them.
      if (cost > 0) rollup.add(key, "cost", cost / 1e6);
    }
  }
}

interface AttemptRow {
  readonly id: string;
  readonly project_id: string;
  readonly endpoint_id: string | null;
  readonly outcome: string;
  readonly duration_ms: number;
  readonly started_at: Date;
}

const selectAttempts = {
  name: "count_attempts",
  text: `SELECT a.id, a.project_id, d.endpoint_id, a.outcome, a.duration_ms, a.started_at
         FROM attempts a LEFT JOIN deliveries d ON d.id = a.delivery_id
         WHERE a.id > $1 AND a.id < $2 ORDER BY a.id LIMIT $3`,
};

function countAttempt(rollup: Rollup, row: AttemptRow): void {
  if (row.endpoint_id === null) return;
  const bucket = bucketOf(row.started_at);
  const key: RollupKey = { projectId: row.project_id, dimension: "endpoint", subject: row.endpoint_id, bucket };
  rollup.add(key, row.outcome === "succeeded" ? "attempts.succeeded" : "attempts.failed", 1);
  rollup.addDuration(key, "latency", row.duration_ms);
}

/** A row as far as every table has it. */
interface CountedRow {
  readonly id: string;
  readonly project_id: string;
}

/** A table, and what is counted of its rows. */
export interface Counter {
  readonly table: CountedTable;
  /** Reads rows behind the first id and before the second, by their ids, at most so many. */
  readonly statement: { readonly name: string; readonly text: string };
  count(rollup: Rollup, row: CountedRow): void;
}

export const counters: readonly Counter[] = [
  { table: "events", statement: selectEvents, count: countEvent },
  { table: "messages", statement: selectEndedTasks, count: countEndedTask },
  { table: "attempts", statement: selectAttempts, count: countAttempt },
];
