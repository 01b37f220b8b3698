import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskDraft } from "./enqueue-tasks.ts";
import { isTerminal, type TaskState } from "./task-state.ts";

/** What tasks still wait for. */
export interface Awaited {
  readonly waits: readonly {
    readonly taskId: string;
    readonly dependencyId: string;
    /** It has ended, and not well: the task will not be done. */
    readonly hasFailed: boolean;
  }[];
  /** The tasks that wait. */
  readonly waiting: ReadonlySet<string>;
  readonly areFailed: boolean;
}

interface DependencyRow {
  readonly id: string;
  readonly state: TaskState;
}

/** Pairs each of these tasks with those of its dependencies that have not completed, as their rows, locked, say. */
export function awaitedOf(
  tasks: readonly { readonly id: string; readonly dependsOn?: readonly string[] }[],
  states: ReadonlyMap<string, TaskState>,
): Awaited {
  const waits = tasks.flatMap(({ id, dependsOn = [] }) =>
    dependsOn.flatMap((dependencyId) => {
      const state = states.get(dependencyId);
      if (state === undefined) throw new Error("a task depends on one that does not exist");
      return state === "completed" ? [] : [{ taskId: id, dependencyId, hasFailed: isTerminal(state) }];
    }),
  );
  return {
    waits,
    waiting: new Set(waits.map((wait) => wait.taskId)),
    areFailed: waits.some((wait) => wait.hasFailed),
  };
}

// Locked: the end of a dependency must see who waits for it, or who waits must see its end.
const lockStates = {
  name: "lock_dependencies",
  text: "SELECT id, state FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
};

/** Locks what drafts depend on and answers with what they have to wait for. Costs nothing when none depends on any. */
export async function lockDependencies(tx: Transaction, drafts: readonly TaskDraft[]): Promise<Awaited> {
  const ids = [...new Set(drafts.flatMap((draft) => draft.dependsOn ?? []))];
  const rows = ids.length === 0 ? [] : await tx.query<DependencyRow>(lockStates, [ids]);
  return awaitedOf(drafts, new Map(rows.map((row) => [row.id, row.state])));
}

const insertWaits = {
  name: "insert_task_dependencies",
  text: `INSERT INTO task_dependencies (task_id, dependency_id, failed)
         SELECT i.task_id, i.dependency_id, i.failed FROM unnest($1::uuid[], $2::uuid[], $3::boolean[])
           AS i (task_id, dependency_id, failed)`,
};

const markAwaited = {
  name: "mark_awaited_tasks",
  text: "UPDATE tasks SET awaited = true WHERE id = ANY ($1) AND awaited IS NULL",
};

/** Writes down what tasks wait for. The dependencies are locked. */
export async function awaitDependencies(tx: Transaction, { waits }: Awaited): Promise<void> {
  if (waits.length === 0) return;
  await allDone([
    tx.query(insertWaits, [
      waits.map((wait) => wait.taskId),
      waits.map((wait) => wait.dependencyId),
      waits.map((wait) => wait.hasFailed),
    ]),
    tx.query(markAwaited, [[...new Set(waits.map((wait) => wait.dependencyId))]]),
  ]);
}
