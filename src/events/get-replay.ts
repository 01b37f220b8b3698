import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { presentReplay, type Replay } from "./replay.ts";
import { selectReplay } from "./replay-store.ts";

/** The replay with this uuid, and how far it has come. Throws NotFoundError when the project has none. */
export async function getReplay(ctx: Context, id: string): Promise<Replay> {
  authorise(ctx.actor, "events:read");
  const row = await selectReplay(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such replay in this project");
  return presentReplay(row);
}
