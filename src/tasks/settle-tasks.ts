import { agentQueue } from "../agents/agent-queue.ts";
import type { Transaction } from "../platform/database.ts";
import { announceTasks, type ChangedTask, type TaskServices } from "./announce-tasks.ts";
import { statesBefore, type TaskState } from "./task-state.ts";

/** The end of one task. */
export interface Settlement {
  readonly taskId: string;
  readonly to: Extract<TaskState, "completed" | "failed" | "canceled" | "rejected">;
  /** The hash of the lease that must still hold; absent: the hub or a person decides, whoever works on it. */
  readonly leaseHash?: Buffer;
  readonly reason?: string;
  readonly result?: unknown;
  readonly error?: object;
  readonly usage?: object;
}

interface SettledRow extends ChangedTask {
  readonly lease_hash: Buffer | null;
}

// `from_states` comes from the table of legal moves. A fenced settlement needs the very lease, and in time: a lapsed one
// moves no row. The hash stays in the row, so that the same worker's repeat is recognised.
const settleTasksStatement = {
  name: "settle_tasks",
  text: `UPDATE tasks t
         SET state = i.to_state, reason = i.reason, result = i.result, error = i.error,
             usage = coalesce(i.usage, t.usage), start_after = NULL, lease_expires_at = NULL, settled_at = $9,
             updated_at = $9
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::json[], $7::json[], $8::json[])
           AS i (id, to_state, from_states, lease_hash, reason, result, error, usage)
         WHERE t.id = i.id AND t.state = ANY (string_to_array(i.from_states, ','))
           AND (i.lease_hash IS NULL
                OR t.state = 'working' AND t.lease_hash = i.lease_hash AND t.lease_expires_at > $9)
         RETURNING t.id, t.project_id, t.agent_id, t.state, t.reason, t.attempt, t.event, t.result, t.error, t.usage`,
};

const closeAttempts = {
  name: "close_attempts",
  text: `UPDATE task_attempts a
         SET ended_at = $6, outcome = i.outcome, error = i.error, usage = i.usage
         FROM unnest($1::uuid[], $2::int[], $3::text[], $4::json[], $5::json[]) AS i (task_id, attempt, outcome, error, usage)
         WHERE a.task_id = i.task_id AND a.attempt = i.attempt AND a.ended_at IS NULL`,
};

function jsonOrNull(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

/** How an attempt ended, for its row. */
export interface AttemptEnd {
  readonly taskId: string;
  readonly attempt: number;
  /** The state that its task went to, or why the attempt ended without one (`lease_expired`, `released`, …). */
  readonly outcome: string;
  readonly error?: unknown;
  readonly usage?: unknown;
}

/** Writes how attempts ended; one that has ended already stays as it is. */
export async function closeTaskAttempts(tx: Transaction, ends: readonly AttemptEnd[], now: Date): Promise<void> {
  if (ends.length === 0) return;
  await tx.query(closeAttempts, [
    ends.map((end) => end.taskId),
    ends.map((end) => end.attempt),
    ends.map((end) => end.outcome),
    ends.map((end) => jsonOrNull(end.error)),
    ends.map((end) => jsonOrNull(end.usage)),
    now,
  ]);
}

/**
 * Settles tasks in the caller's transaction: state, attempt, message and deliveries commit together, and the job goes.
 * Answers with the tasks that moved; one that is missing had lost its lease or was settled before.
 */
export async function settleTasks(
  tx: Transaction,
  services: TaskServices,
  settlements: readonly Settlement[],
): Promise<Map<string, ChangedTask>> {
  if (settlements.length === 0) return new Map();
  const now = new Date(services.clock.now());
  // In the order of the ids: two transactions that settle the same tasks must not lock them crosswise.
  const ordered = settlements.toSorted((a, b) => (a.taskId < b.taskId ? -1 : 1));
  const rows = await tx.query<SettledRow>(settleTasksStatement, [
    ordered.map((settlement) => settlement.taskId),
    ordered.map((settlement) => settlement.to),
    ordered.map((settlement) => statesBefore(settlement.to).join(",")),
    ordered.map((settlement) => settlement.leaseHash ?? null),
    ordered.map((settlement) => settlement.reason ?? null),
    ordered.map((settlement) => jsonOrNull(settlement.result)),
    ordered.map((settlement) => jsonOrNull(settlement.error)),
    ordered.map((settlement) => jsonOrNull(settlement.usage)),
    now,
  ]);
  if (rows.length === 0) return new Map();
  await closeTaskAttempts(
    tx,
    rows.map((row) => ({
      taskId: row.id,
      attempt: row.attempt,
      outcome: row.state,
      error: row.error,
      usage: row.usage,
    })),
    now,
  );
  for (const [agentId, settled] of Map.groupBy(rows, (row) => row.agent_id)) {
    const ids = settled.map((row) => row.id);
    await services.queue.remove(tx, agentQueue(agentId), ids);
  }
  await announceTasks(tx, services, rows);
  await wakeLimitedAgents(tx, services, rows);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Tells waiting workers of agents with a concurrency limit that places came free, in the caller's transaction. */
export async function wakeLimitedAgents(
  tx: Transaction,
  services: TaskServices,
  tasks: readonly { readonly agent_id: string }[],
): Promise<void> {
  const byAgent = Map.groupBy(tasks, (task) => task.agent_id);
  const agents = await services.agents.getMany(tx, byAgent.keys());
  const limited = [...byAgent].filter(([agentId]) => agents.get(agentId)?.limits.concurrency !== undefined);
  await services.signals.emit(
    tx,
    "tasks",
    limited.map(([agentId, freed]) => `${agentId}:${freed.length}`),
  );
}
