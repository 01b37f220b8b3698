import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { selectAgent } from "../agents/store.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { requeueTasks } from "./requeue-tasks.ts";
import { findTaskRow, type TaskRow } from "./store.ts";
import { isTerminal, mayMove, type TaskState } from "./task-state.ts";

const lockTask = {
  name: "lock_task",
  text: "SELECT state, agent_id FROM tasks WHERE id = $1 AND project_id = $2 FOR UPDATE",
};

/**
 * Redrives a task that failed, was canceled or rejected: it is `submitted` again with all its attempts ahead of it. Throws
 * ConflictError `task_not_retryable` for one that has not ended, or has completed, and `agent_deleted` when there is nobody
 * to do it.
 */
export async function retryTask(ctx: Context & TaskServices, taskId: string): Promise<TaskRow> {
  authorise(ctx.actor, "tasks:retry");
  return await ctx.db.transaction(async (tx) => {
    const [locked] = await tx.query<{ state: TaskState; agent_id: string }>(lockTask, [taskId, ctx.actor.projectId]);
    if (locked === undefined) throw new NotFoundError("There is no such task in this project.");
    if (!isTerminal(locked.state) || !mayMove(locked.state, "submitted"))
      throw new ConflictError("task_not_retryable", `A task that is ${locked.state} cannot be retried.`);
    const agent = await selectAgent(tx, ctx.actor.projectId, toWireId("agent", locked.agent_id), "share");
    if (agent === undefined)
      throw new ConflictError("agent_deleted", "The task's agent was deleted: nobody could work on it.");
    await requeueTasks(tx, ctx, [{ taskId, attemptsCharged: 0, reason: "redriven" }]);
    await recordAudit(ctx, tx, { action: "task.retry", target: toWireId("task", taskId) });
    const row = await findTaskRow(tx, ctx.actor.projectId, taskId);
    if (row === undefined) throw new Error("a locked row is gone");
    return row;
  });
}
