import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import type { Source } from "./source.ts";
import { selectSource } from "./store.ts";
import { viewSource } from "./view-sources.ts";

/** The source with this uuid. Throws NotFoundError when the project has none. */
export async function getSource(ctx: Context, id: string): Promise<Source> {
  authorise(ctx.actor, "sources:read");
  const row = await selectSource(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such source in this project");
  return await viewSource(ctx, ctx.db, row);
}
