import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { type Agent, agentFields, presentAgent } from "./agent.ts";
import { selectAgent, updateAgentRow } from "./store.ts";

export const agentChanges = z
  .strictObject({
    description: agentFields.description.nullable().exactOptional(),
    team: agentFields.team.nullable().exactOptional(),
    capabilities: agentFields.capabilities.exactOptional(),
    instructions: agentFields.instructions.nullable().exactOptional(),
    model: agentFields.model.nullable().exactOptional(),
    tools: agentFields.tools.exactOptional(),
    runner: agentFields.runner.exactOptional(),
    limits: agentFields.limits.exactOptional(),
  })
  .describe("An absent field stays as it is, null clears it; lists and objects are replaced as a whole.")
  .meta({ id: "AgentChanges" });

export type AgentChanges = z.infer<typeof agentChanges>;

/** Changes an agent: tasks leased from now on see it. Throws NotFoundError when the project has no such agent. */
export async function updateAgent(ctx: Context, nameOrId: string, changes: AgentChanges): Promise<Agent> {
  authorise(ctx.actor, "agents:write");
  const { runner, limits, ...plain } = changes;
  return await ctx.db.transaction(async (tx) => {
    const agent = await selectAgent(tx, ctx.actor.projectId, nameOrId, "update");
    if (agent === undefined) throw new NotFoundError("There is no such agent in this project");
    const row = await updateAgentRow(tx, agent.id, {
      ...plain,
      ...(runner === undefined ? {} : { runner: JSON.stringify(runner) }),
      ...(limits === undefined ? {} : { limits: JSON.stringify(limits) }),
      updated_at: new Date(ctx.clock.now()),
    });
    const detail = { name: agent.name, fields: Object.keys(changes) };
    await recordAudit(ctx, tx, { action: "agent.update", target: toWireId("agent", agent.id), detail });
    await ctx.signals.emit(tx, "agents", [agent.id]);
    return presentAgent(row);
  });
}
