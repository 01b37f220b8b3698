import { isBulkRunning } from "../deliveries/bulk-store.ts";
import { removeOldDeliveries } from "../deliveries/remove-old-deliveries.ts";
import { removeOldMessages } from "../messages/remove-old-messages.ts";
import { dayMs } from "../platform/daily-partitions.ts";
import type { OldRows } from "../platform/old-rows.ts";
import type { Services } from "../platform/services.ts";
import { removeOldTasks } from "../tasks/remove-old-tasks.ts";
import { dropOldDays } from "./drop-old-days.ts";
import { isReplaying } from "./pending-events-store.ts";
import { removeOldEvents, removeOldEventsWithoutDay } from "./remove-old-events.ts";
import { removeOrphans } from "./remove-orphans.ts";
import { effectiveDays } from "./retention.ts";
import { type ProjectRetention, selectRetentions } from "./retention-store.ts";

const projectsAtOnce = 100;
const firstId = "00000000-0000-0000-0000-000000000000";

// What hangs on something goes before it: whoever dies in between leaves nothing that points nowhere.
async function removeOf(services: Services, project: ProjectRetention): Promise<void> {
  const { db, clock, settings, log } = services;
  const nowMs = clock.now();
  const days = effectiveDays(project, settings.retention.days);
  const old: OldRows = { projectId: project.id, before: new Date(nowMs - days * dayMs) };
  let deliveries = 0;
  let messages = 0;
  let events = 0;
  // An operation that replays messages has yet to come to some.
  if (!(await isBulkRunning(db, project.id))) {
    deliveries = await removeOldDeliveries(db, old);
    messages = await removeOldMessages(services, old);
  }
  const tasks = await removeOldTasks(db, old, new Date(nowMs));
  // Those of the hub's own age go by the day.
  if (days < settings.retention.days && !(await isReplaying(db, project.id))) events = await removeOldEvents(db, old);
  const removed = { deliveries, messages, tasks, events };
  if (Object.values(removed).some((count) => count > 0))
    log.info({ unit: "retention", projectId: project.id, days, ...removed }, "removed what is over");
}

/**
 * Removes what has ended and is older than its project keeps it: events, decisions and attempts by the day where the hub's
 * own time is up, all else in batches. Nothing that is pending goes, and nothing it needs. Any number of processes may do
 * it side by side, and whoever goes on after one that died.
 */
export async function applyRetention(services: Services): Promise<void> {
  const { db, clock, settings } = services;
  for (let after = firstId; ;) {
    const projects = await selectRetentions(db, after, projectsAtOnce);
    for (const project of projects) await removeOf(services, project);
    const last = projects.at(-1);
    if (last === undefined || projects.length < projectsAtOnce) break;
    after = last.id;
  }
  const before = new Date(clock.now() - settings.retention.days * dayMs);
  await dropOldDays(services, before);
  if (!(await isReplaying(db))) await removeOldEventsWithoutDay(db, before);
  await removeOrphans(db, before);
}
