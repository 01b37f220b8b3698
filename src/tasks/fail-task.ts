import { chargeUsage } from "../budgets/charge-usage.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { type SettleCommit, settleUnderLease } from "./complete-task.ts";
import { type Claim, isHeld, lockClaimedTask } from "./held-task.ts";
import { hasAttemptsLeft, nextAttemptAt } from "./next-attempt.ts";
import { requeueTasks } from "./requeue-tasks.ts";
import type { TaskState } from "./task-state.ts";
import { leaseLost } from "./worker-refusals.ts";

/** How a worker says that it could not do it. */
export interface TaskFailure {
  readonly error: { readonly code: string; readonly message: string };
  /** Whether another attempt makes sense. */
  readonly retryable: boolean;
  /** Seconds to wait before it, instead of the hub's backoff. */
  readonly retryAfterSeconds?: number;
  /** What the attempt has cost. */
  readonly usage?: object;
}

/**
 * Ends an attempt as failed. Retryable, with attempts left: the task waits and is `submitted` again; else it is `failed`
 * and announced. Throws ConflictError `lease_lost` when the lease no longer holds.
 */
export async function failTask(
  services: TaskServices,
  settle: SettleCommit,
  claim: Claim,
  failure: TaskFailure,
): Promise<{ readonly state: TaskState }> {
  const { error, usage } = failure;
  if (failure.retryable) {
    const requeued = await services.db.transaction(async (tx) => {
      const task = await lockClaimedTask(tx, services, claim);
      // Settled already, perhaps by this very call's first try: settling tells a repeat from a lost lease.
      if (task.state !== "working") return false;
      if (!isHeld(task, services.clock.now())) throw leaseLost();
      if (!hasAttemptsLeft(task)) return false;
      const { id: taskId, project_id: projectId, agent_id: agentId, attempt } = task;
      if (usage !== undefined)
        await chargeUsage(tx, services, [{ taskId, projectId, agentId, attempt, usage, hasEnded: false }]);
      await requeueTasks(tx, services, [
        {
          taskId,
          attemptsCharged: task.attempts_charged,
          reason: "retry",
          startAfter: nextAttemptAt(services, task.attempts_charged, failure.retryAfterSeconds),
          ended: { outcome: "failed", error, ...(usage === undefined ? {} : { usage }) },
        },
      ]);
      return true;
    });
    if (requeued) return { state: "submitted" };
  }
  const reason = failure.retryable ? "attempts_exhausted" : "agent_error";
  return await settleUnderLease(settle, claim, {
    to: "failed",
    reason,
    error,
    ...(usage === undefined ? {} : { usage }),
  });
}
