import { agentQueue } from "../agents/agent-queue.ts";
import type { Transaction } from "../platform/database.ts";
import { announceTasks, type ChangedTask, type TaskServices } from "./announce-tasks.ts";
import { retakeKeys } from "./retake-keys.ts";
import type { TaskKeys } from "./task-keys.ts";
import { statesBefore } from "./task-state.ts";
import { countFreedPlaces, wakeWorkers } from "./wake-workers.ts";

/** A task that goes back to wait. */
export interface Requeue {
  readonly taskId: string;
  /** How many attempts are charged to it from now on. */
  readonly attemptsCharged: number;
  /** Why the last attempt ended, for whoever looks at the waiting task. */
  readonly reason?: string;
  /** When it may be leased again; absent: at once. */
  readonly startAfter?: Date;
  /** How the attempt under way ended; absent: there is none. */
  readonly ended?: { readonly outcome: string; readonly error?: object; readonly usage?: object };
  /** It had ended: what it shares with others is no longer its own. */
  readonly isRedriven?: true;
}

interface RequeuedRow extends ChangedTask {
  readonly priority: number;
  readonly start_after: Date | null;
  readonly keys: TaskKeys | null;
  readonly depends_on: readonly string[] | null;
}

// The attempt keeps what it cost; the task begins anew.
const requeueStatement = {
  name: "requeue_tasks",
  text: `WITH requeued AS (
           UPDATE tasks t
           SET state = 'submitted', reason = i.reason, attempts_charged = i.attempts_charged, start_after = i.start_after,
               lease_hash = NULL, lease_worker = NULL, lease_expires_at = NULL, deadline_at = NULL, result = NULL,
               error = NULL, usage = coalesce(i.usage, t.usage), request = NULL, request_expires_at = NULL, settled_at = NULL,
               updated_at = $8
           FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::text[], $6::json[], $9::json[])
             AS i (id, reason, attempts_charged, start_after, outcome, attempt_error, usage)
           WHERE t.id = i.id AND t.state = ANY ($7)
           RETURNING t.id, t.project_id, t.agent_id, t.state, t.reason, t.attempt, t.event, t.result, t.error, t.usage,
                     t.past_usages, t.origin, t.subscriber_id, t.priority, t.start_after, t.keys, t.depends_on, i.outcome,
                     i.attempt_error
         ), ended AS (
           UPDATE task_attempts a
           SET ended_at = $8, outcome = requeued.outcome, error = requeued.attempt_error, usage = requeued.usage
           FROM requeued
           WHERE requeued.outcome IS NOT NULL AND a.task_id = requeued.id AND a.attempt = requeued.attempt
             AND a.ended_at IS NULL
         )
         SELECT id, project_id, agent_id, state, reason, attempt, event, result, error, usage, past_usages, origin, subscriber_id,
                priority, start_after, keys, depends_on
         FROM requeued`,
};

/**
 * Sends tasks back to `submitted` in the caller's transaction: to where they stood in the queue, or, when they wait for a
 * moment, with that moment in the row, from which the promoter makes a job. Their old leases end: the token's hash is
 * forgotten. A task that waits keeps its keys; one that is redriven takes them anew.
 */
export async function requeueTasks(
  tx: Transaction,
  services: TaskServices,
  requeues: readonly Requeue[],
): Promise<void> {
  if (requeues.length === 0) return;
  const nowMs = services.clock.now();
  const rows = await tx.query<RequeuedRow>(requeueStatement, [
    requeues.map((requeue) => requeue.taskId),
    requeues.map((requeue) => requeue.reason ?? null),
    requeues.map((requeue) => requeue.attemptsCharged),
    requeues.map(({ startAfter }) => (startAfter === undefined || startAfter.getTime() <= nowMs ? null : startAfter)),
    requeues.map((requeue) => requeue.ended?.outcome ?? null),
    requeues.map(({ ended }) => (ended?.error === undefined ? null : JSON.stringify(ended.error))),
    statesBefore("submitted"),
    new Date(nowMs),
    requeues.map(({ ended }) => (ended?.usage === undefined ? null : JSON.stringify(ended.usage))),
  ]);
  const ready = await countFreedPlaces(tx, services, rows);
  const redriven = new Set(requeues.filter((requeue) => requeue.isRedriven).map((requeue) => requeue.taskId));
  const shares = (row: RequeuedRow): boolean => redriven.has(row.id) && (row.keys !== null || row.depends_on !== null);
  await retakeKeys(tx, services, rows.filter(shares));
  const queued = rows.filter((row) => !shares(row));
  for (const [agentId, ofAgent] of Map.groupBy(queued, (row) => row.agent_id)) {
    const queue = agentQueue(agentId);
    const waiting = ofAgent.filter((row) => row.start_after !== null).map((row) => row.id);
    await services.queue.remove(tx, queue, waiting);
    const due = ofAgent.filter((row) => row.start_after === null).map(({ id, priority }) => ({ id, priority }));
    await services.queue.giveBack(tx, queue, due);
    ready.set(agentId, ready.get(agentId) ?? due.length);
  }
  await wakeWorkers(tx, services, ready);
  await announceTasks(tx, services, rows);
}
