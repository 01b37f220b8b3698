import { authorise } from "../../access/actor.ts";
import { recordAudit } from "../../access/audit.ts";
import type { Context } from "../../access/context.ts";
import { NotFoundError } from "../../lib/errors.ts";
import { toWireId } from "../../lib/ids.ts";
import { presentRoute, type Route } from "../route.ts";
import { selectRoute } from "../store.ts";
import { closeBreaker } from "./breakers.ts";

/**
 * Closes a route's runaway breaker before its time: the route makes tasks again, counted anew. What was held meanwhile stays
 * held; replay it. Throws NotFoundError when the project has no such route.
 */
export async function resetBreaker(ctx: Context, id: string): Promise<Route> {
  authorise(ctx.actor, "routes:pause");
  return await ctx.db.transaction(async (tx) => {
    const route = await selectRoute(tx, ctx.actor.projectId, id);
    if (route === undefined) throw new NotFoundError("There is no such route in this project");
    await closeBreaker(tx, id);
    await recordAudit(ctx, tx, { action: "route.reset_breaker", target: toWireId("route", id) });
    return presentRoute(route);
  });
}
