import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { displayName, storableText } from "../lib/storable-text.ts";
import type { Services } from "../platform/services.ts";
import { routeFields } from "../routing/route.ts";
import type { ScheduleRow } from "./store.ts";

const missedPolicies = ["skip", "once"] as const;

/** What can be said of a schedule. */
export const scheduleFields = {
  name: displayName,
  cron: storableText(200)
    .refine((text) => text.trim().split(/\s+/).length === 5, {
      error: "must have five fields: minute, hour, day of the month, month, day of the week",
    })
    .describe("Five fields, as of crontab: minute, hour, day of the month, month, day of the week."),
  timezone: storableText(100).min(1).describe("An IANA name such as Europe/Berlin. Absent: UTC."),
  missed: z
    .enum(missedPolicies)
    .describe(
      "What is done about times that came while no hub ran: nothing, or one task for the latest. Absent: skip.",
    ),
  agent: z.string().describe("The name of the agent that gets the tasks."),
  task: routeFields.task.describe(
    "As of a route. Its placeholders see an event of type schedule.fired with body {schedule: {id, name}, firedAt}.",
  ),
  enabled: z.boolean(),
};

/** A schedule as the API shows it. */
export const scheduleSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    cron: z.string(),
    timezone: z.string(),
    missed: z.enum(missedPolicies),
    agent: z.string(),
    task: routeFields.task,
    enabled: z.boolean(),
    nextRunAt: z.iso.datetime().exactOptional().describe("Absent while it is switched off."),
    lastRunAt: z.iso.datetime().exactOptional(),
    lastTaskId: z.string().exactOptional().describe("The task of the last run."),
    lastError: z.string().exactOptional().describe("Why the last run made no task."),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Schedule" });

export type Schedule = z.infer<typeof scheduleSchema>;

/** The public form of a stored schedule. */
export function presentSchedule({ queue, clock }: Pick<Services, "queue" | "clock">, row: ScheduleRow): Schedule {
  const [next] = row.enabled ? queue.previewSchedule(row.cron, row.timezone, new Date(clock.now()), 1) : [];
  return {
    id: toWireId("schedule", row.id),
    name: row.name,
    cron: row.cron,
    timezone: row.timezone,
    missed: row.missed,
    agent: row.agent_name,
    task: row.task as Schedule["task"],
    enabled: row.enabled,
    ...(next === undefined ? {} : { nextRunAt: next.toISOString() }),
    ...(row.last_run_at === null ? {} : { lastRunAt: row.last_run_at.toISOString() }),
    ...(row.last_task_id === null ? {} : { lastTaskId: toWireId("task", row.last_task_id) }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
