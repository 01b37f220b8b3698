import { z } from "zod";
import { recordAudit } from "../access/audit.ts";
import { authoriseChange } from "../access/authorise-change.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { requireAgent, requireSource, requireValidRule } from "./check-route.ts";
import { presentRoute, type Route, routeFields } from "./route.ts";
import { type RouteRow, selectRoute, updateRouteRow } from "./store.ts";

export const routeChanges = z
  .strictObject({
    name: routeFields.name.exactOptional(),
    sourceId: routeFields.sourceId.nullable().exactOptional(),
    provider: routeFields.provider.nullable().exactOptional(),
    match: routeFields.match.nullable().exactOptional(),
    agent: routeFields.agent.exactOptional(),
    task: routeFields.task.exactOptional(),
    enabled: routeFields.enabled.exactOptional(),
  })
  .describe("An absent field stays as it is, null clears it; match and task are replaced as a whole.")
  .meta({ id: "RouteChanges" });

export type RouteChanges = z.infer<typeof routeChanges>;

async function agentAfter(tx: Transaction, route: RouteRow, changes: RouteChanges): Promise<string> {
  if (changes.agent !== undefined) return (await requireAgent(tx, route.project_id, changes.agent)).id;
  // The agent may have been deleted while the route was off.
  if (changes.enabled === true) await requireAgent(tx, route.project_id, toWireId("agent", route.agent_id));
  return route.agent_id;
}

/**
 * Changes a route; switching it on or off needs less permission than the rest. Throws InvalidError as createRoute does,
 * NotFoundError when the project has no such route.
 */
export async function updateRoute(ctx: Context, id: string, changes: RouteChanges): Promise<Route> {
  authoriseChange(ctx.actor, "routes", changes, "enabled");
  requireValidRule(changes);
  const { name, sourceId, provider, match, task, enabled } = changes;
  return await ctx.db.transaction(async (tx) => {
    const route = await selectRoute(tx, ctx.actor.projectId, id, "update");
    if (route === undefined) throw new NotFoundError("There is no such route in this project");
    if (typeof sourceId === "string") await requireSource(tx, route.project_id, sourceId);
    const agentId = await agentAfter(tx, route, changes);
    await updateRouteRow(tx, id, {
      ...(name === undefined ? {} : { name }),
      ...(sourceId === undefined ? {} : { source_id: sourceId }),
      ...(provider === undefined ? {} : { provider }),
      ...(match === undefined ? {} : { match: match === null ? null : JSON.stringify(match) }),
      agent_id: agentId,
      ...(task === undefined ? {} : { task: JSON.stringify(task) }),
      ...(enabled === undefined ? {} : { enabled }),
      updated_at: new Date(ctx.clock.now()),
    });
    const detail = { fields: Object.keys(changes), ...(enabled === undefined ? {} : { enabled }) };
    await recordAudit(ctx, tx, { action: "route.update", target: toWireId("route", id), detail });
    await ctx.signals.emit(tx, "routes", [ctx.actor.projectId]);
    return presentRoute((await selectRoute(tx, ctx.actor.projectId, id)) as RouteRow);
  });
}
