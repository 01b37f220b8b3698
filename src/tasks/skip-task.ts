import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { advanceLines } from "./advance-lines.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { lockScopes } from "./lock-scopes.ts";
import { type TaskKeys, scopesOfKeys } from "./task-keys.ts";

const lockTask = {
  name: "lock_task_keys",
  text: "SELECT keys FROM tasks WHERE id = $1 AND project_id = $2 FOR UPDATE",
};

const leaveOrder = {
  name: "leave_order",
  text: `DELETE FROM task_keys WHERE task_id = $1 AND kind = 'order' AND standing = 'blocking' RETURNING hash`,
};

/**
 * Lets the tasks behind a failed one go on that blocks its order; the failed one stays as it is. Throws ConflictError
 * `not_blocking` for a task that none waits for.
 */
export async function skipTask(ctx: Context & TaskServices, taskId: string): Promise<void> {
  authorise(ctx.actor, "tasks:cancel");
  await ctx.db.transaction(async (tx) => {
    const [task] = await tx.query<{ keys: TaskKeys | null }>(lockTask, [taskId, ctx.actor.projectId]);
    if (task === undefined) throw new NotFoundError("There is no such task in this project.");
    await lockScopes(tx, scopesOfKeys(task.keys));
    const left = await tx.query<{ hash: Buffer }>(leaveOrder, [taskId]);
    if (left.length === 0)
      throw new ConflictError("not_blocking", "The task does not hold up others: it has not failed, or was skipped.");
    await advanceLines(tx, ctx, { orders: left.map((row) => row.hash) });
    await recordAudit(ctx, tx, { action: "task.skip", target: toWireId("task", taskId) });
  });
}
