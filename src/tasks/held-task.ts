import { type Actor, authoriseAgent } from "../access/actor.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { leaseLost, noSuchTask } from "./worker-refusals.ts";
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
  readonly lease_seconds: number;
  readonly lease_expires_at: Date | null;
  readonly deadline_at: Date;
}

const selectHeld = {
  name: "hold_task",
  text: `SELECT id, project_id, agent_id, state, attempt, attempts_charged, max_attempts, lease_seconds,
                lease_expires_at, deadline_at, lease_hash = $3 AS holds
         FROM tasks WHERE id = $1 AND project_id = $2 FOR UPDATE`,
};

/** A worker's claim on a task: who says that it holds which lease. */
export interface Claim {
  readonly actor: Actor;
  readonly taskId: string;
  readonly leaseToken: string;
}

/** Throws ForbiddenError unless the actor may make worker calls for the agent with this id. */
async function authoriseAgentOf(tx: Transaction, services: TaskServices, actor: Actor, agentId: string): Promise<void> {
  if (actor.agents === "all") return;
  const agent = await services.agents.get(tx, agentId);
  authoriseAgent(actor, agent?.name ?? "");
}

/**
 * Locks the task of a claim. Throws NotFoundError for one of another project, ForbiddenError for one of an agent that the
 * credential is not for, and ConflictError `lease_lost` unless the token is that of the last lease. Whether that lease still
 * runs is `isHeld`'s to say.
 */
export async function lockClaimedTask(tx: Transaction, services: TaskServices, claim: Claim): Promise<HeldTask> {
  const values = [claim.taskId, claim.actor.projectId, hashLeaseToken(claim.leaseToken)];
  const [row] = await tx.query<HeldTask & { readonly holds: boolean | null }>(selectHeld, values);
  if (row === undefined) throw noSuchTask();
  await authoriseAgentOf(tx, services, claim.actor, row.agent_id);
  if (row.holds !== true) throw leaseLost();
  return row;
}

/** Whether the lease of a claimed task still runs at this moment (milliseconds since the epoch). */
export function isHeld(task: HeldTask, nowMs: number): boolean {
  return task.state === "working" && task.lease_expires_at !== null && task.lease_expires_at.getTime() > nowMs;
}

/** Locks the task of a claim whose lease still runs; throws as `lockClaimedTask` does, also when it has lapsed. */
export async function lockHeldTask(tx: Transaction, services: TaskServices, claim: Claim): Promise<HeldTask> {
  const task = await lockClaimedTask(tx, services, claim);
  if (!isHeld(task, services.clock.now())) throw leaseLost();
  return task;
}
