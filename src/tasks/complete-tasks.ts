import { type SettleCommit, type SettleOutcome, submitSettlement } from "./complete-task.ts";
import type { Claim } from "./held-task.ts";

/** A task that its worker has done. */
export interface Completion extends Claim {
  readonly result?: unknown;
  readonly usage?: object | undefined;
}

/**
 * Settles tasks as completed, each as `settleUnderLease` does and whatever becomes of the others; they share commits. Answers
 * in their order. Throws UnavailableError when the database is away: some may have been settled then, and the same call
 * again answers as it would have.
 */
export async function completeTasks(
  settle: SettleCommit,
  completions: readonly Completion[],
): Promise<SettleOutcome[]> {
  return await Promise.all(
    completions.map(({ result, usage, ...claim }) =>
      submitSettlement(settle, claim, { to: "completed", result, ...(usage === undefined ? {} : { usage }) }),
    ),
  );
}
