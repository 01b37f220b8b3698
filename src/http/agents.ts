import { z } from "zod";
import { agentSchema } from "../agents/agent.ts";
import { createAgent, newAgent } from "../agents/create-agent.ts";
import { deleteAgent } from "../agents/delete-agent.ts";
import { getAgent } from "../agents/get-agent.ts";
import { listAgents } from "../agents/list-agents.ts";
import { agentChanges, updateAgent } from "../agents/update-agent.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Agents";
const path = "/api/v1/agents";
const params = z.strictObject({ name: z.string().max(200).describe("The agent's name or its id.") });
const missing = { description: "The project has no such agent." };

/** The calls on agents. */
export const agentOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Register an agent",
    tag,
    body: newAgent,
    responses: {
      201: { description: "The agent.", schema: agentSchema },
      409: { description: "`agent_exists`: the project has an agent of this name." },
    },
    handle: async (ctx, { body }) => ({ status: 201, body: await createAgent(ctx, body) }),
  }),
  operation({
    method: "get",
    path,
    summary: "List agents",
    tag,
    query: z.strictObject(pageQuery("agent")),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(agentSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listAgents(ctx, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{name}`,
    summary: "Read an agent",
    tag,
    params,
    responses: { 200: { description: "The agent.", schema: agentSchema }, 404: missing },
    handle: async (ctx, { params: { name } }) => ({ status: 200, body: await getAgent(ctx, name) }),
  }),
  operation({
    method: "patch",
    path: `${path}/{name}`,
    summary: "Change an agent",
    tag,
    params,
    body: agentChanges,
    responses: { 200: { description: "The agent as it is now.", schema: agentSchema }, 404: missing },
    handle: async (ctx, { params: { name }, body }) => ({ status: 200, body: await updateAgent(ctx, name, body) }),
  }),
  operation({
    method: "delete",
    path: `${path}/{name}`,
    summary: "Take an agent out of use",
    tag,
    params,
    responses: {
      204: { description: "Deleted; its tasks stay readable." },
      404: missing,
      409: { description: "`agent_in_use`: an enabled route points at it, or a task of it has not ended." },
    },
    async handle(ctx, { params: { name } }) {
      await deleteAgent(ctx, name);
      return { status: 204 };
    },
  }),
];
