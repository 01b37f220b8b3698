import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import { requireAgent, requireSource, requireValidRule } from "./check-route.ts";
import { presentRoute, type Route, routeFields } from "./route.ts";
import { insertRoute } from "./store.ts";

export const newRoute = z
  .strictObject({
    name: routeFields.name,
    sourceId: routeFields.sourceId.exactOptional(),
    provider: routeFields.provider.exactOptional(),
    match: routeFields.match.exactOptional(),
    agent: routeFields.agent,
    task: routeFields.task,
    enabled: routeFields.enabled.exactOptional().describe("Absent: true."),
  })
  .meta({ id: "NewRoute" });

export type NewRoute = z.infer<typeof newRoute>;

/**
 * Adds a route: events that are accepted from now on can match it. Throws InvalidError naming the field for an unknown
 * source, provider or agent, and for a pattern or template that does not compile.
 */
export async function createRoute(ctx: Context, input: NewRoute): Promise<Route> {
  authorise(ctx.actor, "routes:write");
  requireValidRule(input);
  const { projectId } = ctx.actor;
  const id = ctx.newId();
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    if (input.sourceId !== undefined) await requireSource(tx, projectId, input.sourceId);
    const agent = await requireAgent(tx, projectId, input.agent);
    const row = {
      id,
      project_id: projectId,
      name: input.name,
      source_id: input.sourceId ?? null,
      provider: input.provider ?? null,
      agent_id: agent.id,
      enabled: input.enabled ?? true,
      created_at: now,
      updated_at: now,
      deleted_at: null,
    };
    const match = input.match === undefined ? null : JSON.stringify(input.match);
    await insertRoute(tx, { ...row, match, task: JSON.stringify(input.task) });
    const detail = { agent: agent.name, fields: Object.keys(input) };
    await recordAudit(ctx, tx, { action: "route.create", target: toWireId("route", id), detail });
    await ctx.signals.emit(tx, "routes", [ctx.actor.projectId]);
    return presentRoute({ ...row, match: input.match ?? null, task: input.task, agent_name: agent.name });
  });
}
