import { NotFoundError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import { leaseLost } from "./complete-task.ts";
import { hashLeaseToken } from "./lease-token.ts";
import type { TaskState } from "./task-state.ts";

/** A task as the holder of its lease sees it, locked until the transaction ends. */
export interface HeldTask {
  readonly id: string;
  readonly project_id: string;
  readonly agent_id: string;
  readonly state: TaskState;
  readonly attempt: number;
  readonly attempts_charged: number;
  readonly max_attempts: number;
  readonly priority: number;
  readonly lease_seconds: number;
  readonly lease_expires_at: Date | null;
  readonly deadline_at: Date;
}

const selectHeld = {
  name: "hold_task",
  text: `SELECT id, project_id, agent_id, state, attempt, attempts_charged, max_attempts, priority, lease_seconds,
                lease_expires_at, deadline_at, lease_hash = $3 AS holds
         FROM tasks WHERE id = $1 AND project_id = $2 FOR UPDATE`,
};

/** What identifies a worker's claim on a task. */
export interface Claim {
  readonly projectId: string;
  readonly taskId: string;
  readonly leaseToken: string;
}

/**
 * Locks the task of a claim. Throws NotFoundError for one of another project, and ConflictError `lease_lost` unless the
 * token is that of the last lease. Whether that lease still runs is `isHeld`'s to say.
 */
export async function lockClaimedTask(tx: Transaction, claim: Claim): Promise<HeldTask> {
  const values = [claim.taskId, claim.projectId, hashLeaseToken(claim.leaseToken)];
  const [row] = await tx.query<HeldTask & { readonly holds: boolean | null }>(selectHeld, values);
  if (row === undefined) throw new NotFoundError("There is no such task in this project.");
  if (row.holds !== true) throw leaseLost();
  return row;
}

/** Whether the lease of a claimed task still runs at this moment (milliseconds since the epoch). */
export function isHeld(task: HeldTask, nowMs: number): boolean {
  return task.state === "working" && task.lease_expires_at !== null && task.lease_expires_at.getTime() > nowMs;
}

/** Locks the task of a claim whose lease still runs; throws as `lockClaimedTask` does, also when it has lapsed. */
export async function lockHeldTask(tx: Transaction, claim: Claim, nowMs: number): Promise<HeldTask> {
  const task = await lockClaimedTask(tx, claim);
  if (!isHeld(task, nowMs)) throw leaseLost();
  return task;
}
