import type { Services } from "../platform/services.ts";
import { scheduleQueue } from "./schedule-queue.ts";
import { type ScheduleRow, selectEnabledSchedules } from "./store.ts";

/**
 * Tells pg-boss the times of one schedule, after the commit that changed it: pg-boss keeps them on a connection of its
 * own. What a process that died in between left unsaid, `syncSchedules` says.
 */
export async function syncSchedule(
  { queue }: Services,
  { id, cron, timezone, missed, enabled }: ScheduleRow,
): Promise<void> {
  if (enabled) await queue.schedule(scheduleQueue, id, { cron, timezone, missed }, { scheduleId: id });
  else await queue.unschedule(scheduleQueue, id);
}

/** Makes what pg-boss knows the same as what the rows say. */
export async function syncSchedules(services: Services): Promise<void> {
  const { db, queue } = services;
  const known = new Map((await queue.schedules(scheduleQueue)).map((each) => [each.key, each]));
  for (const row of await selectEnabledSchedules(db)) {
    const { cron, timezone, missed } = known.get(row.id) ?? {};
    known.delete(row.id);
    if (cron !== row.cron || timezone !== row.timezone || missed !== row.missed) await syncSchedule(services, row);
  }
  for (const key of known.keys()) await queue.unschedule(scheduleQueue, key);
}
