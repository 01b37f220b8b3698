import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { advanceLines } from "./advance-lines.ts";
import { askForFollowUps } from "./ask-for-follow-ups.ts";
import { lockScopes } from "./lock-scopes.ts";
import { hashOfKey, scopesOfKeys, type TaskKeys } from "./task-keys.ts";
import type { TaskState } from "./task-state.ts";

/** A task that has just ended, and what of it concerns others. */
export interface EndedTask {
  readonly id: string;
  readonly agent_id: string;
  readonly state: TaskState;
  readonly keys: TaskKeys | null;
  readonly depends_on: readonly string[] | null;
  readonly awaited: boolean | null;
}

interface DependentRow {
  readonly task_id: string;
  readonly dependency_id: string;
  readonly agent_id: string;
  readonly keys: TaskKeys | null;
}

// Not locked: none is added while the task depended on is locked, and one that goes meanwhile does not matter.
const selectDependents = {
  name: "select_dependents",
  text: `SELECT d.task_id, d.dependency_id, t.agent_id, t.keys FROM task_dependencies d JOIN tasks t ON t.id = d.task_id
         WHERE d.dependency_id = ANY ($1)`,
};

// A key that is kept for a time outlives its task. A failed one that blocks its order keeps its place, the first or not.
const leaveLines = {
  name: "leave_lines",
  text: `WITH blocking AS (
           UPDATE task_keys SET standing = 'blocking' WHERE task_id = ANY ($2) AND kind = 'order'
         ), kept AS (
           UPDATE task_keys SET standing = 'kept' WHERE task_id = ANY ($1) AND kind = 'dedupe' AND expires_at > $3
         )
         DELETE FROM task_keys
         WHERE task_id = ANY ($1) AND NOT (kind = 'dedupe' AND coalesce(expires_at > $3, false))
           AND NOT (kind = 'order' AND task_id = ANY ($2))`,
};

const endDependencies = {
  name: "end_task_dependencies",
  text: `WITH failed AS (
           UPDATE task_dependencies SET failed = true
           WHERE dependency_id = ANY ($2) AND NOT failed AND task_id <> ALL ($3)
           RETURNING 1
         ), completed AS (
           DELETE FROM task_dependencies WHERE dependency_id = ANY ($1) OR task_id = ANY ($3)
         )
         SELECT count(*)::int AS failed FROM failed`,
};

function isBlocking({ state, keys }: EndedTask): boolean {
  return keys?.order?.onFailure === "block" && (state === "failed" || state === "rejected");
}

/**
 * Gives what ended tasks held to those that wait for it, in the transaction that ends them: keys to the next of each line,
 * results to the tasks that depend on them. Costs nothing where no other task is concerned. Takes no row of `tasks`, since
 * the scopes are locked after these (docs/decisions, 16).
 */
export async function releaseTasks(tx: Transaction, services: Services, ended: readonly EndedTask[]): Promise<void> {
  const keyed = ended.filter((task) => task.keys !== null);
  const awaited = ended.filter((task) => task.awaited === true);
  const dependent = ended.filter((task) => task.depends_on !== null);
  if (keyed.length + awaited.length + dependent.length === 0) return;
  const ids = (tasks: readonly EndedTask[]): string[] => tasks.map((task) => task.id);
  const dependents = awaited.length === 0 ? [] : await tx.query<DependentRow>(selectDependents, [ids(awaited)]);
  const locked = lockScopes(tx, [
    ...keyed.flatMap((task) => scopesOfKeys(task.keys)),
    ...dependents.flatMap((row) => [row.agent_id, ...scopesOfKeys(row.keys)]),
    ...dependent.map((task) => task.agent_id),
  ]);
  const now = new Date(services.clock.now());
  const left =
    keyed.length === 0 ? Promise.resolve([]) : tx.query(leaveLines, [ids(keyed), ids(keyed.filter(isBlocking)), now]);
  const [completed, failed] = [
    awaited.filter((task) => task.state === "completed"),
    awaited.filter((task) => task.state !== "completed"),
  ];
  const told =
    awaited.length + dependent.length === 0
      ? Promise.resolve([])
      : tx.query<{ failed: number }>(endDependencies, [ids(completed), ids(failed), ids(dependent)]);
  await allDone([locked, left, told]);
  if ((await told).some((row) => row.failed > 0)) await askForFollowUps(tx, services);

  const done = new Set(ids(completed));
  const freed = dependents.filter((row) => done.has(row.dependency_id));
  await advanceLines(tx, services, {
    orders: [...keyed, ...freed].flatMap(({ keys }) =>
      keys?.order === undefined ? [] : [hashOfKey("order", keys.order)],
    ),
    concurrencies: keyed.flatMap(({ keys }) =>
      keys?.concurrency === undefined ? [] : [hashOfKey("concurrency", keys.concurrency)],
    ),
    taskIds: freed.map((row) => row.task_id),
  });
}
