import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { scheduleQueue } from "./schedule-queue.ts";
import { selectSchedule, updateScheduleRow } from "./store.ts";

/** Deletes a schedule; tasks that it made stay. Throws NotFoundError when the project has no such schedule. */
export async function deleteSchedule(ctx: Context, id: string): Promise<void> {
  authorise(ctx.actor, "schedules:write");
  await ctx.db.transaction(async (tx) => {
    const schedule = await selectSchedule(tx, ctx.actor.projectId, id, "update");
    if (schedule === undefined) throw new NotFoundError("There is no such schedule in this project");
    await updateScheduleRow(tx, id, { deleted_at: new Date(ctx.clock.now()) });
    const detail = { name: schedule.name, agent: schedule.agent_name };
    await recordAudit(ctx, tx, { action: "schedule.delete", target: toWireId("schedule", id), detail });
  });
  await ctx.queue.unschedule(scheduleQueue, id);
}
