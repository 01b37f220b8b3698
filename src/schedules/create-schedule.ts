import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import { requireScheduledAgent, requireValidSchedule } from "./check-schedule.ts";
import { presentSchedule, type Schedule, scheduleFields } from "./schedule.ts";
import { insertSchedule, selectSchedule, type ScheduleRow } from "./store.ts";
import { syncSchedule } from "./sync-schedules.ts";

export const newSchedule = z
  .strictObject({
    name: scheduleFields.name,
    cron: scheduleFields.cron,
    timezone: scheduleFields.timezone.exactOptional(),
    missed: scheduleFields.missed.exactOptional(),
    agent: scheduleFields.agent,
    task: scheduleFields.task,
    enabled: scheduleFields.enabled.exactOptional().describe("Absent: true."),
  })
  .meta({ id: "NewSchedule" });

export type NewSchedule = z.infer<typeof newSchedule>;

/**
 * Adds a schedule, whose first run is at the first of its times from now on. Throws InvalidError naming the field for an
 * expression, time zone, agent or template that is not valid.
 */
export async function createSchedule(ctx: Context, input: NewSchedule): Promise<Schedule> {
  authorise(ctx.actor, "schedules:write");
  const { name, cron, timezone = "UTC", missed = "skip", task, enabled = true } = input;
  requireValidSchedule(ctx, { cron, timezone, task });
  const { projectId } = ctx.actor;
  const id = ctx.newId();
  const now = new Date(ctx.clock.now());
  const row = await ctx.db.transaction(async (tx) => {
    const agent = await requireScheduledAgent(tx, projectId, input.agent);
    await insertSchedule(tx, {
      id,
      project_id: projectId,
      name,
      cron,
      timezone,
      missed,
      agent_id: agent.id,
      task: JSON.stringify(task),
      enabled,
      effective_from: now,
      created_at: now,
      updated_at: now,
    });
    const detail = { agent: agent.name, cron, timezone };
    await recordAudit(ctx, tx, { action: "schedule.create", target: toWireId("schedule", id), detail });
    return (await selectSchedule(tx, projectId, id)) as ScheduleRow;
  });
  await syncSchedule(ctx, row);
  return presentSchedule(ctx, row);
}
