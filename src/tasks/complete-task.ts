import { GroupCommit } from "../lib/group-commit.ts";
import { ConflictError, NotFoundError, UnavailableError } from "../lib/errors.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { hashLeaseToken } from "./lease-token.ts";
import { type Settlement, settleTasks } from "./settle-tasks.ts";
import type { TaskState } from "./task-state.ts";

/** What became of one task's completion. */
export type SettleOutcome = { readonly state: TaskState } | "lease_lost" | "not_found";

/** Completions of one process, sharing commits. */
export type SettleCommit = GroupCommit<FencedSettlement, SettleOutcome>;

/** A settlement by a worker, which holds only under its lease and in its project. */
export interface FencedSettlement extends Settlement {
  readonly projectId: string;
  readonly leaseHash: Buffer;
}

interface Standing {
  readonly id: string;
  readonly project_id: string;
  readonly state: TaskState;
  readonly lease_hash: Buffer | null;
}

// The project is checked before anything moves; the rows are locked in the order in which settling takes them.
const lockTasks = {
  name: "lock_tasks",
  text: `SELECT id, project_id, state, lease_hash FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE`,
};

/** Makes the group commit through which workers settle their tasks. */
export function createSettleCommit(services: TaskServices): SettleCommit {
  const commit = async (items: readonly FencedSettlement[]): Promise<SettleOutcome[]> =>
    await services.db.transaction(async (tx) => {
      const rows = await tx.query<Standing>(lockTasks, [items.map((item) => item.taskId)]);
      const standing = new Map(rows.map((row) => [row.id, row]));
      const isOurs = (item: FencedSettlement): boolean => standing.get(item.taskId)?.project_id === item.projectId;
      // Two calls for one task in one batch: the first is tried, the second is judged by what the first leaves behind.
      const firsts = new Map(
        items
          .filter(isOurs)
          .map((item) => [item.taskId, item] as const)
          .toReversed(),
      );
      const moved = await settleTasks(tx, services, [...firsts.values()]);
      return items.map((item): SettleOutcome => {
        const row = standing.get(item.taskId);
        if (row === undefined || !isOurs(item)) return "not_found";
        if (moved.has(item.taskId) && firsts.get(item.taskId) === item) return { state: item.to };
        const state = moved.get(item.taskId)?.state ?? row.state;
        const isRepeat = state === item.to && row.lease_hash?.equals(item.leaseHash) === true;
        return isRepeat ? { state } : "lease_lost";
      });
    });
  return new GroupCommit({
    commit,
    maxBatch: 64,
    maxConcurrent: 2,
    maxWaiting: 2_000,
    refuse: () =>
      new UnavailableError("overloaded", "Too many completions wait for the database.", { retryAfterSeconds: 1 }),
    isolates: (error) => !(error instanceof UnavailableError),
  });
}

/** The answer to a call whose lease no longer holds. */
export function leaseLost(): ConflictError {
  return new ConflictError(
    "lease_lost",
    "The lease no longer holds: it lapsed, was given away, or the task was settled.",
  );
}

/**
 * Settles a task for the worker that holds its lease. A repeat with the same token and the same end answers as before.
 * Throws ConflictError `lease_lost` (409) and changes nothing when the lease no longer holds.
 */
export async function settleUnderLease(
  settle: SettleCommit,
  projectId: string,
  leaseToken: string,
  settlement: Settlement,
): Promise<{ readonly state: TaskState }> {
  const outcome = await settle.submit({ ...settlement, projectId, leaseHash: hashLeaseToken(leaseToken) });
  if (outcome === "not_found") throw new NotFoundError("There is no such task in this project.");
  if (outcome === "lease_lost") throw leaseLost();
  return outcome;
}
