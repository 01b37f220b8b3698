import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { agentQueue, agentQueueOptions } from "./agent-queue.ts";
import { type Agent, agentFields, agentName, presentAgent } from "./agent.ts";
import { insertAgent, selectAgent } from "./store.ts";

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
  })
  .meta({ id: "NewAgent" });

export type NewAgent = z.infer<typeof newAgent>;

/** Registers an agent and makes its queue. Throws ConflictError `agent_exists` when the project has one of this name. */
export async function createAgent(ctx: Context, input: NewAgent): Promise<Agent> {
  authorise(ctx.actor, "agents:write");
  const { projectId } = ctx.actor;
  const taken = new ConflictError(
    "agent_exists",
    `There is an agent of the name ${JSON.stringify(input.name)} already`,
  );
  if ((await selectAgent(ctx.db, projectId, input.name)) !== undefined) throw taken;

  const id = ctx.newId();
  // Before the agent, because pg-boss makes queues in transactions of its own: an agent without a queue could take no
  // task, while a queue whose agent was never committed harms nobody.
  await ctx.queue.ensure(agentQueue(id), agentQueueOptions);
  const now = new Date(ctx.clock.now());
  const row = {
    id,
    project_id: projectId,
    name: input.name,
    description: input.description ?? null,
    team: input.team ?? null,
    capabilities: input.capabilities ?? [],
    instructions: input.instructions ?? null,
    model: input.model ?? null,
    tools: input.tools ?? [],
    runner: JSON.stringify(input.runner),
    limits: JSON.stringify(input.limits ?? {}),
    created_at: now,
    updated_at: now,
    deleted_at: null,
  };
  await ctx.db.transaction(async (tx) => {
    if (!(await insertAgent(tx, row))) throw taken;
    const detail = { name: input.name, fields: Object.keys(input) };
    await recordAudit(ctx, tx, { action: "agent.create", target: toWireId("agent", id), detail });
    await ctx.signals.emit(tx, "agents", [id]);
  });
  return presentAgent({ ...row, runner: input.runner, limits: input.limits ?? {} });
}
