import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { type Endpoint, presentEndpoint } from "./endpoint.ts";
import { selectEndpoint } from "./store.ts";

/** The endpoint with this uuid. Throws NotFoundError when the project has none. */
export async function getEndpoint(ctx: Context, id: string): Promise<Endpoint> {
  authorise(ctx.actor, "endpoints:read");
  const row = await selectEndpoint(ctx.db, ctx.actor, id);
  if (row === undefined) throw new NotFoundError("There is no such endpoint in this project");
  return presentEndpoint(row);
}
