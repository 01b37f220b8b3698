import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { presentSchedule, type Schedule } from "./schedule.ts";
import { selectSchedules } from "./store.ts";

/** The project's schedules, newest first. */
export async function listSchedules(ctx: Context, page: PageRequest): Promise<Page<Schedule>> {
  authorise(ctx.actor, "schedules:read");
  const rows = await selectSchedules(ctx.db, ctx.actor.projectId, page);
  const schedules = rows.map((row) => presentSchedule(ctx, row));
  return pageOf(schedules, page.limit, (schedule) => schedule.id);
}
