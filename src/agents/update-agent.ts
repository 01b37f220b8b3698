import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { readActivity } from "./agent-activity.ts";
import { changeDefinition, definitionOf, isSameDefinition } from "./agent-definition.ts";
import { agentFields, presentAgent } from "./agent.ts";
import type { AgentWithSecret } from "./create-agent.ts";
import { resolveRunner } from "./resolve-runner.ts";
import { revealSecret, updateDefinedAgent } from "./save-agent.ts";
import { selectAgent } from "./store.ts";

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
    type: agentFields.type.nullable().exactOptional(),
    role: agentFields.role.nullable().exactOptional(),
    color: agentFields.color.nullable().exactOptional(),
    priority: agentFields.priority.nullable().exactOptional(),
    permissionMode: agentFields.permissionMode.nullable().exactOptional(),
    maxTurns: agentFields.maxTurns.nullable().exactOptional(),
    skills: agentFields.skills.nullable().exactOptional(),
    mcpServers: agentFields.mcpServers.nullable().exactOptional(),
    metadata: agentFields.metadata.nullable().exactOptional(),
  })
  .describe("An absent field stays as it is, null clears it; lists and objects are replaced as a whole.")
  .meta({ id: "AgentChanges" });

export type AgentChanges = z.infer<typeof agentChanges>;

/**
 * Changes an agent, which makes a new version of it unless all was so before: tasks leased from now on see it. Throws NotFoundError when the project
 * has no such agent, and InvalidError for a runner that cannot be.
 */
export async function updateAgent(ctx: Context, nameOrId: string, changes: AgentChanges): Promise<AgentWithSecret> {
  authorise(ctx.actor, "agents:write");
  return await ctx.db.transaction(async (tx) => {
    const agent = await selectAgent(tx, ctx.actor.projectId, nameOrId, "update");
    if (agent === undefined) throw new NotFoundError("There is no such agent in this project");
    const before = definitionOf(agent);
    const { runner: given, ...others } = changes;
    const { runner, secret } =
      given === undefined
        ? { runner: before.runner, secret: { kind: "keep" as const } }
        : resolveRunner(ctx, given, before.runner);
    const definition = changeDefinition(before, { ...others, runner });
    const isUnchanged = secret.kind !== "set" && isSameDefinition(definition, before);
    const fields = Object.keys(changes);
    const save = { definition, secret, contentHash: null, action: "agent.update" as const, fields };
    const row = isUnchanged ? agent : await updateDefinedAgent(ctx, tx, agent, save);
    const activity = await readActivity(tx, [row.id]);
    return { ...presentAgent(row, activity.get(row.id)), ...revealSecret(ctx, secret) };
  });
}
