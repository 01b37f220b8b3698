import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { lockRequestedTask, type RequestedTask } from "./lock-requested-task.ts";
import { type Settlement, settleTasks } from "./settle-tasks.ts";

/** How a held result ends when it is let out. */
export function approvedSettlement({ id, result }: Pick<RequestedTask, "id" | "result">): Settlement {
  return { taskId: id, to: "completed", result };
}

/** How it ends when it is not. */
export function rejectedSettlement(taskId: string, reason: string, message: string): Settlement {
  return { taskId, to: "rejected", reason, error: { code: reason, message } };
}

async function decide(
  ctx: Context & TaskServices,
  taskId: string,
  action: string,
  comment: string | undefined,
  settlementOf: (task: RequestedTask) => Settlement,
): Promise<void> {
  authorise(ctx.actor, "tasks:approve");
  await ctx.db.transaction(async (tx: Transaction) => {
    const task = await lockRequestedTask(tx, ctx, taskId, "approval");
    await settleTasks(tx, ctx, [settlementOf(task)]);
    const detail = comment === undefined ? {} : { detail: { comment } };
    await recordAudit(ctx, tx, { action, target: toWireId("task", taskId), ...detail });
  });
}

/** Lets the held result of a task out: it is completed and announced. Throws ConflictError `not_waiting_for_approval`. */
export async function approveTask(ctx: Context & TaskServices, taskId: string, comment?: string): Promise<void> {
  await decide(ctx, taskId, "task.approve", comment, approvedSettlement);
}

/** Refuses the held result of a task: it ends as rejected, without it. Throws ConflictError `not_waiting_for_approval`. */
export async function rejectTask(ctx: Context & TaskServices, taskId: string, comment?: string): Promise<void> {
  await decide(ctx, taskId, "task.reject", comment, () =>
    rejectedSettlement(taskId, "approval_denied", comment ?? "The result was not approved"),
  );
}
