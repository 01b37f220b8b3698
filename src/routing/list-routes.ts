import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { presentRoute, type Route } from "./route.ts";
import { selectRoutes } from "./store.ts";

/** The project's routes, newest first. */
export async function listRoutes(ctx: Context, page: PageRequest): Promise<Page<Route>> {
  authorise(ctx.actor, "routes:read");
  const rows = await selectRoutes(ctx.db, ctx.actor.projectId, page);
  return pageOf(rows.map(presentRoute), page.limit, (route) => route.id);
}
