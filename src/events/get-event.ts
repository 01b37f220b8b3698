import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { listTasks } from "../tasks/list-tasks.ts";
import { type EventDetail, presentEvent } from "./event.ts";
import { selectEvent } from "./store.ts";

const maxTasks = 200;

/** The event with this uuid and the tasks that it caused. Throws NotFoundError when the project has none. */
export async function getEvent(ctx: Context, id: string): Promise<EventDetail> {
  authorise(ctx.actor, "events:read");
  const row = await selectEvent(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such event in this project");
  const tasks = await listTasks(ctx, { eventId: id }, { limit: maxTasks });
  return {
    ...presentEvent(row, ctx.publicUrl()),
    tasks: tasks.data.map((task) => ({ id: task.id, agent: task.agent, state: task.state })),
  };
}
