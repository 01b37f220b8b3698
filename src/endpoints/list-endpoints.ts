import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type Endpoint, presentEndpoint } from "./endpoint.ts";
import { selectEndpoints } from "./store.ts";

/** Which endpoints a list asks for; the id is a uuid. */
interface EndpointFilter {
  readonly subscriberId?: string | undefined;
}

/** The project's endpoints, or those of one subscriber, newest first. */
export async function listEndpoints(
  ctx: Context,
  { subscriberId }: EndpointFilter,
  page: PageRequest,
): Promise<Page<Endpoint>> {
  authorise(ctx.actor, "endpoints:read");
  const { projectId, subscriberId: own = subscriberId } = ctx.actor;
  if (subscriberId !== undefined && subscriberId !== own) return { data: [] };
  const rows = await selectEndpoints(ctx.db, { projectId, ...(own === undefined ? {} : { subscriberId: own }) }, page);
  return pageOf(rows.map(presentEndpoint), page.limit, (endpoint) => endpoint.id);
}
