import { type Actor, agentRefusal } from "../access/actor.ts";
import { type HubError, UnavailableError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "./announce-tasks.ts";
import type { Claim } from "./held-task.ts";
import { findUnapproved, type HeldResult, holdForApproval } from "./hold-for-approval.ts";
import type { Approval } from "./input-request.ts";
import { hashLeaseToken } from "./lease-token.ts";
import { type Settlement, settleTasks } from "./settle-tasks.ts";
import type { TaskState } from "./task-state.ts";
import { leaseLost, noSuchTask } from "./worker-refusals.ts";

/** What became of one task's settlement: its state, or why nothing was changed. */
export type SettleOutcome = { readonly state: TaskState } | { readonly refusal: HubError };

/** Settlements of one process, sharing commits. */
export type SettleCommit = GroupCommit<FencedSettlement, SettleOutcome>;

/** A settlement by a worker, which holds only under its lease, in its project and for its agents. */
interface FencedSettlement extends Settlement {
  readonly actor: Actor;
  readonly leaseHash: Buffer;
}

interface Standing {
  readonly id: string;
  readonly project_id: string;
  readonly agent_id: string;
  readonly state: TaskState;
  readonly reason: string | null;
  readonly lease_hash: Buffer | null;
  readonly approval: Approval | null;
}

// Whose the task is, is checked before anything moves; the rows are locked in the order in which settling takes them.
const lockTasks = {
  name: "lock_tasks",
  text: `SELECT id, project_id, agent_id, state, reason, lease_hash, approval FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE`,
};

async function settleBatch(
  tx: Transaction,
  services: TaskServices,
  items: readonly FencedSettlement[],
): Promise<SettleOutcome[]> {
  const rows = await tx.query<Standing>(lockTasks, [[...new Set(items.map((item) => item.taskId))]]);
  const standing = new Map(rows.map((row) => [row.id, row]));
  const agents = await services.agents.getMany(tx, new Set(rows.map((row) => row.agent_id)));
  const refusalOf = ({ actor, taskId }: FencedSettlement): HubError | undefined => {
    const row = standing.get(taskId);
    if (row?.project_id !== actor.projectId) return noSuchTask();
    return agentRefusal(actor, agents.get(row.agent_id)?.name ?? "");
  };
  // Of several calls for one task in one batch the first that holds its lease is tried; the others are judged by what it
  // leaves behind.
  const tried = new Map<string, FencedSettlement>();
  for (const item of items) {
    const holds = standing.get(item.taskId)?.lease_hash?.equals(item.leaseHash) === true;
    if (holds && !tried.has(item.taskId) && refusalOf(item) === undefined) tried.set(item.taskId, item);
  }
  const held = await findHeld(tx, [...tried.values()], standing);
  const moved = await settleTasks(
    tx,
    services,
    [...tried.values()].filter(({ taskId }) => !held.has(taskId)),
  );
  const waiting = await holdForApproval(tx, services, [...held.values()]);
  return items.map((item): SettleOutcome => {
    const refusal = refusalOf(item);
    if (refusal !== undefined) return { refusal };
    const row = standing.get(item.taskId);
    const state = (moved.get(item.taskId) ?? waiting.get(item.taskId))?.state ?? row?.state;
    const holds = row?.lease_hash?.equals(item.leaseHash) === true;
    // A result that waits for approval was brought by whoever holds the last lease.
    const isHeldBack = waiting.has(item.taskId) || row?.reason === "approval_required";
    const isBrought = state === item.to || (isHeldBack && item.to === "completed");
    return holds && isBrought && state !== undefined ? { state } : { refusal: leaseLost() };
  });
}

// Of the completions, those whose results need a person's yes. Nearly no task says that they might.
async function findHeld(
  tx: Transaction,
  items: readonly FencedSettlement[],
  standing: ReadonlyMap<string, Standing>,
): Promise<Map<string, HeldResult>> {
  const gated = items.flatMap((item) => {
    const approval = standing.get(item.taskId)?.approval ?? undefined;
    return approval === undefined || item.to !== "completed" ? [] : [{ ...item, id: item.taskId, approval }];
  });
  const unapproved = await findUnapproved(tx, gated);
  return new Map(gated.filter(({ id }) => unapproved.has(id)).map((each) => [each.id, each]));
}

/** Makes the group commit through which workers settle their tasks. */
export function createSettleCommit(services: TaskServices): SettleCommit {
  return new GroupCommit({
    commit: (items) => services.db.transaction((tx) => settleBatch(tx, services, items)),
    // A worker may complete a hundred tasks in one call.
    maxBatch: 128,
    maxConcurrent: 2,
    maxWaiting: 2_000,
    refuse: () =>
      new UnavailableError("overloaded", "Too many completions wait for the database.", { retryAfterSeconds: 1 }),
    isolates: (error) => !(error instanceof UnavailableError),
  });
}

/** Settles a task for the worker that holds its lease, as `settleUnderLease` does, and answers with a refusal as it is. */
export async function submitSettlement(
  settle: SettleCommit,
  { actor, taskId, leaseToken }: Claim,
  settlement: Omit<Settlement, "taskId" | "leaseHash">,
): Promise<SettleOutcome> {
  return await settle.submit({ ...settlement, taskId, actor, leaseHash: hashLeaseToken(leaseToken) });
}

/**
 * Settles a task for the worker that holds its lease. A repeat with the same token and the same end answers as before.
 * Throws ConflictError `lease_lost` (409) and changes nothing when the lease no longer holds, NotFoundError for a task of
 * another project, ForbiddenError for one of an agent that the credential is not for.
 */
export async function settleUnderLease(
  settle: SettleCommit,
  claim: Claim,
  settlement: Omit<Settlement, "taskId" | "leaseHash">,
): Promise<{ readonly state: TaskState }> {
  const outcome = await submitSettlement(settle, claim, settlement);
  if ("refusal" in outcome) throw outcome.refusal;
  return outcome;
}
