import { exponentialDelaySeconds } from "../lib/backoff.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { leaseLost, type SettleCommit, settleUnderLease } from "./complete-task.ts";
import { type Claim, type HeldTask, lockClaimedTask, isHeld } from "./held-task.ts";
import { requeueTasks } from "./requeue-tasks.ts";
import { closeTaskAttempts } from "./settle-tasks.ts";
import type { TaskState } from "./task-state.ts";

/** How a worker says that it could not do it. */
export interface TaskFailure {
  readonly error: { readonly code: string; readonly message: string };
  /** Whether another attempt makes sense. */
  readonly retryable: boolean;
  /** Seconds to wait before it, instead of the hub's backoff. */
  readonly retryAfterSeconds?: number;
}

/** When an attempt follows one that failed: exponential with jitter, or as the worker asked. Milliseconds since the epoch. */
export function nextAttemptAt(services: TaskServices, attemptsCharged: number, retryAfterSeconds?: number): Date {
  const { retryBaseSeconds, retryMaxSeconds } = services.settings.tasks;
  const backoff = {
    baseSeconds: retryBaseSeconds,
    maxSeconds: retryMaxSeconds,
    attemptsMade: attemptsCharged,
    random: Math.random,
  };
  const delaySeconds = retryAfterSeconds ?? exponentialDelaySeconds(backoff);
  return new Date(services.clock.now() + delaySeconds * 1000);
}

/** Whether the task may be tried again after the attempt that is charged now. */
export function hasAttemptsLeft(task: Pick<HeldTask, "attempts_charged" | "max_attempts">): boolean {
  return task.attempts_charged < task.max_attempts;
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
  if (failure.retryable) {
    const requeued = await services.db.transaction(async (tx) => {
      const task = await lockClaimedTask(tx, claim);
      // Settled already, perhaps by this very call's first try: settling tells a repeat from a lost lease.
      if (task.state !== "working") return false;
      if (!isHeld(task, services.clock.now())) throw leaseLost();
      if (!hasAttemptsLeft(task)) return false;
      const now = new Date(services.clock.now());
      const { error } = failure;
      await closeTaskAttempts(tx, [{ taskId: task.id, attempt: task.attempt, outcome: "failed", error }], now);
      const startAfter = nextAttemptAt(services, task.attempts_charged, failure.retryAfterSeconds);
      await requeueTasks(tx, services, [
        {
          taskId: task.id,
          agentId: task.agent_id,
          priority: task.priority,
          attemptsCharged: task.attempts_charged,
          reason: "retry",
          startAfter,
        },
      ]);
      return true;
    });
    if (requeued) return { state: "submitted" };
  }
  const reason = failure.retryable ? "attempts_exhausted" : "agent_error";
  return await settleUnderLease(settle, claim.projectId, claim.leaseToken, {
    taskId: claim.taskId,
    to: "failed",
    reason,
    error: failure.error,
  });
}
