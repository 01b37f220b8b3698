import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { type Execution, presentExecution } from "./execution.ts";
import { selectTask, selectTaskAttempts } from "./store.ts";

/** The task with this uuid as an execution. Throws NotFoundError when the project has none. */
export async function getExecution(ctx: Context, id: string): Promise<Execution> {
  authorise(ctx.actor, "tasks:read");
  const row = await selectTask(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such execution in this project");
  const [first] = await selectTaskAttempts(ctx.db, [id], 1);
  return presentExecution(row, first);
}
