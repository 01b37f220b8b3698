import { agentQueue } from "../agents/agent-queue.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { queueTasks } from "./queue-tasks.ts";
import { wakeLimitedAgents } from "./settle-tasks.ts";
import { statesBefore } from "./task-state.ts";

/** A task that goes back to wait. */
export interface Requeue {
  readonly taskId: string;
  readonly agentId: string;
  readonly priority: number;
  /** How many attempts are charged to it from now on. */
  readonly attemptsCharged: number;
  /** Why the last attempt ended, for whoever looks at the waiting task. */
  readonly reason?: string;
  /** When it may be leased again; absent: at once. */
  readonly startAfter?: Date;
}

const requeueTasksStatement = {
  name: "requeue_tasks",
  text: `UPDATE tasks t
         SET state = 'submitted', reason = i.reason, attempts_charged = i.attempts_charged, start_after = i.start_after,
             lease_hash = NULL, lease_worker = NULL, lease_expires_at = NULL, settled_at = NULL, updated_at = $6
         FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[]) AS i (id, reason, attempts_charged, start_after)
         WHERE t.id = i.id AND t.state = ANY ($5)`,
};

/**
 * Sends tasks back to `submitted` in the caller's transaction: with a job at once, or, where they wait for a moment, with
 * that moment in the row, from which the promoter makes a job. Their old leases end: the token's hash is forgotten.
 */
export async function requeueTasks(
  tx: Transaction,
  services: TaskServices,
  requeues: readonly Requeue[],
): Promise<void> {
  if (requeues.length === 0) return;
  await tx.query(requeueTasksStatement, [
    requeues.map((requeue) => requeue.taskId),
    requeues.map((requeue) => requeue.reason ?? null),
    requeues.map((requeue) => requeue.attemptsCharged),
    requeues.map((requeue) => requeue.startAfter ?? null),
    statesBefore("submitted"),
    new Date(services.clock.now()),
  ]);
  for (const [agentId, ofAgent] of Map.groupBy(requeues, (requeue) => requeue.agentId)) {
    const ids = ofAgent.map((requeue) => requeue.taskId);
    await services.queue.remove(tx, agentQueue(agentId), ids);
  }
  const due = requeues.filter((requeue) => requeue.startAfter === undefined);
  await queueTasks(
    tx,
    services,
    due.map(({ taskId, agentId, priority }) => ({ id: taskId, agentId, priority })),
  );
  await wakeLimitedAgents(
    tx,
    services,
    requeues.map((requeue) => ({ agent_id: requeue.agentId })),
  );
}
