import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { settleTasks } from "./settle-tasks.ts";
import { findTaskRow, type TaskRow } from "./store.ts";

/**
 * Cancels a task that has not ended. A worker that holds it hears `cancel` with its next heartbeat, and can change nothing
 * any more. Canceling a canceled task answers as before; any other end is ConflictError `task_settled`.
 */
export async function cancelTask(ctx: Context & TaskServices, taskId: string): Promise<TaskRow> {
  authorise(ctx.actor, "tasks:cancel");
  return await ctx.db.transaction(async (tx) => {
    const before = await findTaskRow(tx, ctx.actor.projectId, taskId);
    if (before === undefined) throw new NotFoundError("There is no such task in this project.");
    const moved = await settleTasks(tx, ctx, [{ taskId, to: "canceled", reason: "canceled" }]);
    if (moved.has(taskId)) await recordAudit(ctx, tx, { action: "task.cancel", target: toWireId("task", taskId) });
    const after = await findTaskRow(tx, ctx.actor.projectId, taskId);
    if (after?.state !== "canceled")
      throw new ConflictError("task_settled", `The task is ${after?.state ?? before.state} already.`);
    return after;
  });
}
