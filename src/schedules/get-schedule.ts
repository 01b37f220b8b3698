import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { presentSchedule, type Schedule } from "./schedule.ts";
import { selectSchedule } from "./store.ts";

/** The schedule with this uuid. Throws NotFoundError when the project has none. */
export async function getSchedule(ctx: Context, id: string): Promise<Schedule> {
  authorise(ctx.actor, "schedules:read");
  const row = await selectSchedule(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such schedule in this project");
  return presentSchedule(ctx, row);
}
