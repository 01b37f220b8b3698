import { z } from "zod";
import { recordAudit } from "../access/audit.ts";
import { authoriseChange } from "../access/authorise-change.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { requireAgent, requireSource, requireSubscriber, requireValidRule } from "./check-route.ts";
import { routeColumns } from "./route-columns.ts";
import { endDebouncesOfRoute } from "./debounce-store.ts";
import { presentRoute, type Route, routeFields } from "./route.ts";
import { type RouteRow, selectRoute, updateRouteRow } from "./store.ts";

export const routeChanges = z
  .strictObject({
    name: routeFields.name.exactOptional(),
    sourceId: routeFields.sourceId.nullable().exactOptional(),
    provider: routeFields.provider.nullable().exactOptional(),
    match: routeFields.match.nullable().exactOptional(),
    when: routeFields.when.nullable().exactOptional(),
    agent: routeFields.agent.exactOptional(),
    capability: routeFields.capability.exactOptional(),
    task: routeFields.task.exactOptional(),
    keys: routeFields.keys.nullable().exactOptional(),
    debounce: routeFields.debounce.nullable().exactOptional(),
    limits: routeFields.limits.nullable().exactOptional(),
    actors: routeFields.actors.nullable().exactOptional(),
    loops: routeFields.loops.nullable().exactOptional(),
    subscriberId: routeFields.subscriberId.nullable().exactOptional(),
    approval: routeFields.approval.nullable().exactOptional(),
    enabled: routeFields.enabled.exactOptional(),
  })
  .describe(
    "An absent field stays as it is, null clears it; objects such as match, task and keys are replaced as a whole.",
  )
  .meta({ id: "RouteChanges" });

export type RouteChanges = z.infer<typeof routeChanges>;

interface AddresseeColumns {
  readonly agent_id: string;
  readonly capability: string | null;
}

async function addresseeAfter(tx: Transaction, route: RouteRow, changes: RouteChanges): Promise<AddresseeColumns> {
  const { agent, capability } = changes;
  if (agent !== undefined || capability !== undefined) {
    const held = await requireAgent(tx, route.project_id, changes);
    return { agent_id: held.id, capability: capability ?? null };
  }
  const before = { agent_id: route.agent_id, capability: route.capability };
  if (changes.enabled !== true) return before;
  // The agent may have been deleted while the route was off.
  const named = { agent: toWireId("agent", route.agent_id) };
  const held = await requireAgent(
    tx,
    route.project_id,
    before.capability === null ? named : { capability: before.capability },
  );
  return { ...before, agent_id: held.id };
}

/**
 * Changes a route; switching it on or off needs less permission than the rest, and off, it drops what it collects. Throws
 * InvalidError as createRoute does, NotFoundError when the project has no such route.
 */
export async function updateRoute(ctx: Context, id: string, changes: RouteChanges): Promise<Route> {
  authoriseChange(ctx.actor, "routes", changes, "enabled");
  requireValidRule(changes);
  const { name, sourceId, provider, subscriberId, enabled } = changes;
  return await ctx.db.transaction(async (tx) => {
    const route = await selectRoute(tx, ctx.actor.projectId, id, "update");
    if (route === undefined) throw new NotFoundError("There is no such route in this project");
    if (typeof sourceId === "string") await requireSource(tx, route.project_id, sourceId);
    if (typeof subscriberId === "string") await requireSubscriber(tx, route.project_id, subscriberId);
    const addressee = await addresseeAfter(tx, route, changes);
    await updateRouteRow(tx, id, {
      ...routeColumns(changes),
      ...(name === undefined ? {} : { name }),
      ...(sourceId === undefined ? {} : { source_id: sourceId }),
      ...(provider === undefined ? {} : { provider }),
      ...addressee,
      ...(enabled === undefined ? {} : { enabled }),
      updated_at: new Date(ctx.clock.now()),
    });
    if (enabled === false) await endDebouncesOfRoute(tx, id, new Date(ctx.clock.now()));
    const detail = { fields: Object.keys(changes), ...(enabled === undefined ? {} : { enabled }) };
    await recordAudit(ctx, tx, { action: "route.update", target: toWireId("route", id), detail });
    await ctx.signals.emit(tx, "routes", [ctx.actor.projectId]);
    return presentRoute((await selectRoute(tx, ctx.actor.projectId, id)) as RouteRow);
  });
}
