import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type Endpoint, presentEndpoint } from "./endpoint.ts";
import { selectEndpoints } from "./store.ts";

/** The project's endpoints, newest first. */
export async function listEndpoints(ctx: Context, page: PageRequest): Promise<Page<Endpoint>> {
  authorise(ctx.actor, "endpoints:read");
  const rows = await selectEndpoints(ctx.db, ctx.actor, page);
  return pageOf(rows.map(presentEndpoint), page.limit, (endpoint) => endpoint.id);
}
