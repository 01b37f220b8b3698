import { z } from "zod";
import { recordAudit } from "../access/audit.ts";
import { authoriseChange } from "../access/authorise-change.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { requireScheduledAgent, requireValidSchedule } from "./check-schedule.ts";
import { presentSchedule, type Schedule, scheduleFields } from "./schedule.ts";
import { type ScheduleRow, selectSchedule, updateScheduleRow } from "./store.ts";
import { syncSchedule } from "./sync-schedules.ts";

export const scheduleChanges = z
  .strictObject({
    name: scheduleFields.name.exactOptional(),
    cron: scheduleFields.cron.exactOptional(),
    timezone: scheduleFields.timezone.exactOptional(),
    missed: scheduleFields.missed.exactOptional(),
    agent: scheduleFields.agent.exactOptional(),
    task: scheduleFields.task.exactOptional(),
    enabled: scheduleFields.enabled.exactOptional(),
  })
  .describe("An absent field stays as it is; the task is replaced as a whole.")
  .meta({ id: "ScheduleChanges" });

export type ScheduleChanges = z.infer<typeof scheduleChanges>;

/**
 * Changes a schedule; switching it on or off needs less permission than the rest. New times, and a schedule switched on
 * again, count from now: what would have come before is not made up for. Throws InvalidError as createSchedule does.
 */
export async function updateSchedule(ctx: Context, id: string, changes: ScheduleChanges): Promise<Schedule> {
  authoriseChange(ctx.actor, "schedules", changes, "enabled");
  const row = await ctx.db.transaction(async (tx) => {
    const before = await selectSchedule(tx, ctx.actor.projectId, id, "update");
    if (before === undefined) throw new NotFoundError("There is no such schedule in this project");
    const { name, cron = before.cron, timezone = before.timezone, missed, task, enabled } = changes;
    requireValidSchedule(ctx, { cron, timezone, task });
    const named = changes.agent ?? (enabled === true ? toWireId("agent", before.agent_id) : undefined);
    const agent = named === undefined ? undefined : await requireScheduledAgent(tx, before.project_id, named);
    const now = new Date(ctx.clock.now());
    const isNewTime = cron !== before.cron || timezone !== before.timezone || (enabled === true && !before.enabled);
    await updateScheduleRow(tx, id, {
      cron,
      timezone,
      ...(name === undefined ? {} : { name }),
      ...(missed === undefined ? {} : { missed }),
      ...(agent === undefined ? {} : { agent_id: agent.id }),
      ...(task === undefined ? {} : { task: JSON.stringify(task) }),
      ...(enabled === undefined ? {} : { enabled }),
      ...(isNewTime ? { effective_from: now } : {}),
      updated_at: now,
    });
    const detail = { fields: Object.keys(changes), ...(enabled === undefined ? {} : { enabled }) };
    await recordAudit(ctx, tx, { action: "schedule.update", target: toWireId("schedule", id), detail });
    return (await selectSchedule(tx, ctx.actor.projectId, id)) as ScheduleRow;
  });
  await syncSchedule(ctx, row);
  return presentSchedule(ctx, row);
}
