import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { presentRoute, type Route } from "./route.ts";
import { selectRoute } from "./store.ts";

/** The route with this uuid. Throws NotFoundError when the project has none. */
export async function getRoute(ctx: Context, id: string): Promise<Route> {
  authorise(ctx.actor, "routes:read");
  const row = await selectRoute(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such route in this project");
  return presentRoute(row);
}
