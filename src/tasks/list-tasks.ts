import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { selectTasks, type TaskFilter } from "./store.ts";
import { presentTaskSummary, type TaskSummary } from "./task.ts";

/** The project's tasks, newest first. An event or an agent of another project has none. */
export async function listTasks(ctx: Context, filter: TaskFilter, page: PageRequest): Promise<Page<TaskSummary>> {
  authorise(ctx.actor, "tasks:read");
  const rows = await selectTasks(ctx.db, ctx.actor.projectId, filter, page);
  return pageOf(rows.map(presentTaskSummary), page.limit, (task) => task.id);
}
