import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { changeDefinition } from "./agent-definition.ts";
import { agentFields, agentName, agentSchema, presentAgent } from "./agent.ts";
import { resolveRunner } from "./resolve-runner.ts";
import { ensureAgentQueue, insertDefinedAgent, nameTaken, revealSecret } from "./save-agent.ts";
import { selectAgent } from "./store.ts";

export const newAgent = z
  .strictObject({
    name: agentName,
    description: agentFields.description.exactOptional(),
    team: agentFields.team.exactOptional(),
    capabilities: agentFields.capabilities.exactOptional(),
    instructions: agentFields.instructions.exactOptional(),
    model: agentFields.model.exactOptional(),
    tools: agentFields.tools.exactOptional(),
    runner: agentFields.runner,
    limits: agentFields.limits.exactOptional(),
    type: agentFields.type.exactOptional(),
    role: agentFields.role.exactOptional(),
    color: agentFields.color.exactOptional(),
    priority: agentFields.priority.exactOptional(),
    permissionMode: agentFields.permissionMode.exactOptional(),
    maxTurns: agentFields.maxTurns.exactOptional(),
    skills: agentFields.skills.exactOptional(),
    mcpServers: agentFields.mcpServers.exactOptional(),
    metadata: agentFields.metadata.exactOptional(),
  })
  .meta({ id: "NewAgent" });

export type NewAgent = z.infer<typeof newAgent>;

/** An agent with the secret that was made for its runner. */
export const agentWithSecretSchema = agentSchema
  .extend({
    secret: z.string().exactOptional().describe("What signs the calls to it, if the hub has just made it. Shown once."),
  })
  .meta({ id: "AgentWithSecret" });

export type AgentWithSecret = z.infer<typeof agentWithSecretSchema>;

/**
 * Registers an agent and makes its queue. Throws ConflictError `agent_exists` when the project has one of this name, and
 * InvalidError for a runner that cannot be.
 */
export async function createAgent(ctx: Context, { name, ...fields }: NewAgent): Promise<AgentWithSecret> {
  authorise(ctx.actor, "agents:write");
  const { runner, secret } = resolveRunner(ctx, fields.runner, undefined);
  if ((await selectAgent(ctx.db, ctx.actor.projectId, name)) !== undefined) throw nameTaken(name);
  const id = ctx.newId();
  await ensureAgentQueue(ctx, id);
  const definition = changeDefinition({ capabilities: [], tools: [], runner, limits: {} }, { ...fields, runner });
  const row = await ctx.db.transaction((tx) =>
    insertDefinedAgent(
      ctx,
      tx,
      { id, name },
      {
        definition,
        secret,
        contentHash: null,
        action: "agent.create",
        fields: ["name", ...Object.keys(fields)],
      },
    ),
  );
  return { ...presentAgent(row), ...revealSecret(ctx, secret) };
}
