import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { endDebouncesOfRoute } from "./debounce-store.ts";
import { selectRoute, updateRouteRow } from "./store.ts";

/** Deletes a route; tasks that it made stay, and what it collects is dropped. Throws NotFoundError when the project has no such route. */
export async function deleteRoute(ctx: Context, id: string): Promise<void> {
  authorise(ctx.actor, "routes:write");
  await ctx.db.transaction(async (tx) => {
    const route = await selectRoute(tx, ctx.actor.projectId, id, "update");
    if (route === undefined) throw new NotFoundError("There is no such route in this project");
    const now = new Date(ctx.clock.now());
    await updateRouteRow(tx, id, { deleted_at: now });
    await endDebouncesOfRoute(tx, id, now);
    const detail = { name: route.name, agent: route.agent_name };
    await recordAudit(ctx, tx, { action: "route.delete", target: toWireId("route", id), detail });
    await ctx.signals.emit(tx, "routes", [ctx.actor.projectId]);
  });
}
