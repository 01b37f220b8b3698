import { agentQueue } from "../agents/agent-queue.ts";
import { chargeUsage } from "../budgets/charge-usage.ts";
import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import { announceTasks, type ChangedTask, type TaskServices } from "./announce-tasks.ts";
import { type EndedTask, releaseTasks } from "./release-tasks.ts";
import { statesBefore, type TaskState } from "./task-state.ts";
import { countFreedPlaces, wakeWorkers } from "./wake-workers.ts";
import { usageReports } from "./usage-reports.ts";

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
  /** How the attempt ended, where the state does not say it. */
  readonly outcome?: string;
}

// `from_states` comes from the table of legal moves. A fenced settlement needs the very lease, and in time: a lapsed one
// moves no row. Its hash stays in the row, so that the same worker's repeat is recognised, and that of a canceled task, so
// that its worker hears of it; what else the hub settles has no holder any more.
const settleStatement = {
  name: "settle_tasks",
  text: `WITH settled AS (
           UPDATE tasks t
           SET state = i.to_state, reason = i.reason, result = i.result, error = i.error,
               usage = coalesce(i.usage, t.usage), start_after = NULL, lease_expires_at = NULL,
               request = NULL, request_expires_at = NULL,
               lease_hash = CASE WHEN i.lease_hash IS NOT NULL OR i.to_state = 'canceled' THEN t.lease_hash END,
               settled_at = $10, updated_at = $10
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::json[], $7::json[], $8::json[],
                       $9::text[])
             AS i (id, to_state, from_states, lease_hash, reason, result, error, usage, outcome)
           WHERE t.id = i.id AND t.state = ANY (string_to_array(i.from_states, ','))
             AND (i.lease_hash IS NULL
                  OR t.state = 'working' AND t.lease_hash = i.lease_hash AND t.lease_expires_at > $10)
           RETURNING t.id, t.project_id, t.agent_id, t.state, t.reason, t.attempt, t.event, t.result, t.error, t.usage,
                     t.past_usages, t.origin, t.subscriber_id, t.keys, t.depends_on, t.awaited, i.outcome
         ), ended AS (
           UPDATE task_attempts a
           SET ended_at = $10, outcome = coalesce(settled.outcome, settled.state), error = settled.error,
               usage = settled.usage
           FROM settled
           WHERE a.task_id = settled.id AND a.attempt = settled.attempt AND a.ended_at IS NULL
         )
         SELECT id, project_id, agent_id, state, reason, attempt, event, result, error, usage, past_usages, origin, subscriber_id, keys,
                depends_on, awaited
         FROM settled`,
};

function jsonOrNull(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

/**
 * Settles tasks in the caller's transaction: state, attempt, message and deliveries commit together, the job goes, and those
 * who waited for a task's end go on.
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
  const rows = await tx.query<ChangedTask & EndedTask>(settleStatement, [
    ordered.map((settlement) => settlement.taskId),
    ordered.map((settlement) => settlement.to),
    ordered.map((settlement) => statesBefore(settlement.to).join(",")),
    ordered.map((settlement) => settlement.leaseHash ?? null),
    ordered.map((settlement) => settlement.reason ?? null),
    ordered.map((settlement) => jsonOrNull(settlement.result)),
    ordered.map((settlement) => jsonOrNull(settlement.error)),
    ordered.map((settlement) => jsonOrNull(settlement.usage)),
    ordered.map((settlement) => settlement.outcome ?? null),
    now,
  ]);
  if (rows.length === 0) return new Map();
  await chargeUsage(tx, services, usageReports(rows, true));
  // Before the jobs go: one of a task that was let in meanwhile goes with them.
  await releaseTasks(tx, services, rows);
  const removed = [...Map.groupBy(rows, (row) => row.agent_id)].map(([agentId, settled]) =>
    services.queue.remove(
      tx,
      agentQueue(agentId),
      settled.map((row) => row.id),
    ),
  );
  await allDone([...removed, announceTasks(tx, services, rows)]);
  await wakeWorkers(tx, services, await countFreedPlaces(tx, services, rows));
  return new Map(rows.map((row) => [row.id, row]));
}
