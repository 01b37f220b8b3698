import { readUsage } from "../budgets/usage.ts";
import { firstIdAt } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import { bucketOf, Rollup, type RollupKey } from "./rollup.ts";
import { addRollups, type CountedTable, lockRollupCursor } from "./rollup-store.ts";

/*
 * These three tables only grow, and a row's id tells when it was made. So what is new is a range of the primary key, and
 * counting costs what is new, however much there is. A row is seen only after its commit, which no id tells: rows are
 * counted when every transaction that could still bring an older one is over.
 */

// Longer than a statement may take, an open transaction may idle, and clocks of one installation differ.
const settleMs = 60_000;
const batchSize = 2_000;

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

/** A table, and what is counted of its rows. */
interface Counter {
  readonly table: CountedTable;
  readonly statement: { readonly name: string; readonly text: string };
  count(rollup: Rollup, row: { readonly id: string }): void;
}

const counters: readonly Counter[] = [
  { table: "events", statement: selectEvents, count: countEvent },
  { table: "messages", statement: selectEndedTasks, count: countEndedTask },
  { table: "attempts", statement: selectAttempts, count: countAttempt },
];

async function countBatch(services: Services, counter: Counter): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const after = await lockRollupCursor(tx, counter.table);
    if (after === undefined) return 0;
    const before = firstIdAt(services.clock.now() - settleMs);
    const rows = await tx.query<{ id: string }>(counter.statement, [after, before, batchSize]);
    const last = rows.at(-1);
    if (last === undefined) return 0;
    const rollup = new Rollup();
    for (const row of rows) counter.count(rollup, row);
    await addRollups(tx, counter.table, last.id, rollup.entries());
    return rows.length === batchSize ? rows.length : 0;
  });
}

/** Counts events, ends of tasks and attempts that are new; answers more than 0 while there may be more of them. */
export async function countNewRows(services: Services): Promise<number> {
  let counted = 0;
  for (const counter of counters) counted += await countBatch(services, counter);
  return counted;
}
