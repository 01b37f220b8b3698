import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { selectAgent } from "../agents/store.ts";
import { ConflictError, GoneError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { awaitDependencies, awaitedOf } from "./await-dependencies.ts";
import { requeueTasks } from "./requeue-tasks.ts";
import { findTaskRow, type TaskRow } from "./store.ts";
import { isTerminal, mayMove, type TaskState } from "./task-state.ts";

interface LockedRow {
  readonly id: string;
  readonly state: TaskState;
  readonly agent_id: string;
  readonly depends_on: readonly string[] | null;
  readonly erased_at: Date | null;
}

// With what it depends on, in the order of the ids: it is to wait for these again.
const lockTask = {
  name: "lock_task_and_dependencies",
  text: `SELECT id, state, agent_id, depends_on, erased_at FROM tasks
         WHERE id = ANY (array_append((SELECT depends_on FROM tasks WHERE id = $1), $1)) AND project_id = $2
         ORDER BY id FOR UPDATE`,
};

/** Has a task that is done again wait for those of its dependencies that are done again, too. */
async function awaitAgain(tx: Transaction, task: LockedRow, rows: readonly LockedRow[]): Promise<void> {
  if (task.depends_on === null) return;
  const known = new Set(rows.map((row) => row.id));
  const missing = task.depends_on.find((id) => !known.has(id));
  if (missing !== undefined)
    throw new ConflictError(
      "dependency_failed",
      `It depends on the task ${toWireId("task", missing)}, which was kept for long enough and is gone.`,
    );
  const awaited = awaitedOf(
    [{ id: task.id, dependsOn: task.depends_on }],
    new Map(rows.map((row) => [row.id, row.state])),
  );
  const failed = awaited.waits.find((wait) => wait.hasFailed);
  if (failed !== undefined)
    throw new ConflictError(
      "dependency_failed",
      `It depends on the task ${toWireId("task", failed.dependencyId)}, which has not completed; retry that one first.`,
    );
  await awaitDependencies(tx, awaited);
}

/**
 * Redrives a task that failed, was canceled or rejected: it is `submitted` again with all its attempts ahead of it. Throws
 * ConflictError `task_not_retryable` for one that has not ended, or has completed, `agent_deleted` when there is nobody to
 * do it, `dependency_failed` when a task it depends on has failed, and `duplicate_key` when another has its dedupe key; GoneError
 * `task_erased`.
 */
export async function retryTask(ctx: Context & TaskServices, taskId: string): Promise<TaskRow> {
  authorise(ctx.actor, "tasks:retry");
  return await ctx.db.transaction(async (tx) => {
    const rows = await tx.query<LockedRow>(lockTask, [taskId, ctx.actor.projectId]);
    const locked = rows.find((row) => row.id === taskId);
    if (locked === undefined) throw new NotFoundError("There is no such task in this project.");
    if (!isTerminal(locked.state) || !mayMove(locked.state, "submitted"))
      throw new ConflictError("task_not_retryable", `A task that is ${locked.state} cannot be retried.`);
    if (locked.erased_at !== null)
      throw new GoneError("task_erased", "What this task was made of was erased: there is nothing to do.");
    const agent = await selectAgent(tx, ctx.actor.projectId, toWireId("agent", locked.agent_id), "share");
    if (agent === undefined)
      throw new ConflictError("agent_deleted", "The task's agent was deleted: nobody could work on it.");
    await awaitAgain(tx, locked, rows);
    await requeueTasks(tx, ctx, [{ taskId, attemptsCharged: 0, reason: "redriven", isRedriven: true }]);
    await recordAudit(ctx, tx, { action: "task.retry", target: toWireId("task", taskId) });
    const row = await findTaskRow(tx, ctx.actor.projectId, taskId);
    if (row === undefined) throw new Error("a locked row is gone");
    return row;
  });
}
