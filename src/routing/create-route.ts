import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import { requireAgent, requireSource, requireSubscriber, requireValidRule } from "./check-route.ts";
import { routeColumns } from "./route-columns.ts";
import { presentRoute, type Route, routeFields } from "./route.ts";
import { insertRoute, type RouteRow, selectRoute } from "./store.ts";

export const newRoute = z
  .strictObject({
    name: routeFields.name,
    sourceId: routeFields.sourceId.exactOptional(),
    provider: routeFields.provider.exactOptional(),
    match: routeFields.match.exactOptional(),
    when: routeFields.when.exactOptional(),
    agent: routeFields.agent.exactOptional(),
    capability: routeFields.capability.exactOptional(),
    task: routeFields.task,
    keys: routeFields.keys.exactOptional(),
    debounce: routeFields.debounce.exactOptional(),
    limits: routeFields.limits.exactOptional(),
    actors: routeFields.actors.exactOptional(),
    loops: routeFields.loops.exactOptional(),
    subscriberId: routeFields.subscriberId.exactOptional(),
    approval: routeFields.approval.exactOptional(),
    enabled: routeFields.enabled.exactOptional().describe("Absent: true."),
  })
  .meta({ id: "NewRoute" });

export type NewRoute = z.infer<typeof newRoute>;

/**
 * Adds a route: events that are accepted from now on can match it. Throws InvalidError naming the field for an unknown
 * source, provider, agent or subscriber, and for a pattern, expression or template that does not compile.
 */
export async function createRoute(ctx: Context, input: NewRoute): Promise<Route> {
  authorise(ctx.actor, "routes:write");
  requireValidRule(input);
  const { projectId } = ctx.actor;
  const id = ctx.newId();
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    if (input.sourceId !== undefined) await requireSource(tx, projectId, input.sourceId);
    if (input.subscriberId !== undefined) await requireSubscriber(tx, projectId, input.subscriberId);
    const agent = await requireAgent(tx, projectId, input);
    await insertRoute(tx, {
      id,
      project_id: projectId,
      ...routeColumns(input),
      name: input.name,
      task: JSON.stringify(input.task),
      source_id: input.sourceId ?? null,
      provider: input.provider ?? null,
      agent_id: agent.id,
      capability: input.capability ?? null,
      enabled: input.enabled ?? true,
      created_at: now,
      updated_at: now,
      deleted_at: null,
    });
    const detail = { agent: agent.name, fields: Object.keys(input) };
    await recordAudit(ctx, tx, { action: "route.create", target: toWireId("route", id), detail });
    await ctx.signals.emit(tx, "routes", [ctx.actor.projectId]);
    return presentRoute((await selectRoute(tx, projectId, id)) as RouteRow);
  });
}
