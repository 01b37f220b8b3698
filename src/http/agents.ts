import { z } from "zod";
import { agentSchema } from "../agents/agent.ts";
import { agentStatusSchema, readAgentStatus } from "../agents/agent-status.ts";
import { agentWithSecretSchema, createAgent, newAgent } from "../agents/create-agent.ts";
import { deleteAgent } from "../agents/delete-agent.ts";
import { getAgent } from "../agents/get-agent.ts";
import { importAgent } from "../agents/import-agent.ts";
import { agentResultSchema, listAgentResults, resultStates } from "../agents/list-agent-results.ts";
import { agentVersionSchema, listAgentVersions } from "../agents/list-agent-versions.ts";
import { listAgents } from "../agents/list-agents.ts";
import { listTeams, teamSchema } from "../agents/list-teams.ts";
import { listWorkers, workerSchema } from "../agents/list-workers.ts";
import { pauseAgent, resumeAgent } from "../agents/pause-agent.ts";
import { agentChanges, updateAgent } from "../agents/update-agent.ts";
import { storableText } from "../lib/storable-text.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Agents";
const path = "/api/v1/agents";
const params = z.strictObject({ name: z.string().max(200).describe("The agent's name or its id.") });
const missing = { description: "The project has no such agent." };

// An agent's file: two hundred thousand characters of instructions, and what stands above them.
const maxFileBytes = 1_048_576;

const importedSchema = agentWithSecretSchema
  .extend({ outcome: z.enum(["created", "updated", "unchanged"]) })
  .meta({ id: "ImportedAgent" });

/** The calls on agents, teams and workers. */
export const agentOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Register an agent",
    tag,
    body: newAgent,
    responses: {
      201: { description: "The agent.", schema: agentWithSecretSchema },
      409: { description: "`agent_exists`: the project has an agent of this name." },
    },
    handle: async (ctx, { body }) => ({ status: 201, body: await createAgent(ctx, body) }),
  }),
  operation({
    method: "post",
    path: `${path}/import`,
    summary: "Register the agent that a Markdown file describes",
    tag,
    body: z.instanceof(Buffer),
    bodyKind: { raw: ["text/markdown", "text/x-markdown", "text/plain"], limitBytes: maxFileBytes },
    responses: {
      200: {
        description: "It was there: changed, or `unchanged` when the file says nothing new.",
        schema: importedSchema,
      },
      201: { description: "It is new.", schema: importedSchema },
      422: { description: "`invalid_agent_file`: the file cannot be read; the message names the line." },
    },
    async handle(ctx, { body }) {
      const { outcome, agent } = await importAgent(ctx, body);
      return { status: outcome === "created" ? 201 : 200, body: { ...agent, outcome } };
    },
  }),
  operation({
    method: "get",
    path,
    summary: "List agents",
    tag,
    query: z.strictObject({
      team: z.string().max(100).optional().describe("Only agents of this team."),
      capability: z.string().max(200).optional().describe("Only agents that can do this."),
      ...pageQuery("agent"),
    }),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(agentSchema) } },
    async handle(ctx, { query: { team, capability, ...page } }) {
      return { status: 200, body: await listAgents(ctx, { team, capability }, page) };
    },
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
    method: "get",
    path: `${path}/{name}/status`,
    summary: "Read what an agent does, and how much waits for it",
    tag,
    params,
    responses: { 200: { description: "Derived from its tasks.", schema: agentStatusSchema }, 404: missing },
    handle: async (ctx, { params: { name } }) => ({ status: 200, body: await readAgentStatus(ctx, name) }),
  }),
  operation({
    method: "get",
    path: `${path}/{name}/results`,
    summary: "List what came of an agent's tasks",
    tag,
    params,
    query: z.strictObject({
      state: z.enum(resultStates).optional(),
      ...pageQuery("task"),
    }),
    responses: {
      200: { description: "A page of at most 50, newest task first.", schema: pageSchema(agentResultSchema) },
      404: missing,
    },
    async handle(ctx, { params: { name }, query: { state, ...page } }) {
      return { status: 200, body: await listAgentResults(ctx, name, state, page) };
    },
  }),
  operation({
    method: "get",
    path: `${path}/{name}/versions`,
    summary: "List what an agent was defined as",
    tag,
    params,
    query: z.strictObject({
      limit: pageQuery("agent").limit,
      before: z.coerce.number().int().min(1).max(2_147_483_647).default(2_147_483_647).describe("Below this version."),
    }),
    responses: {
      200: {
        description: "Newest first. `nextBefore` is there when there are older ones.",
        schema: z
          .object({ data: z.array(agentVersionSchema), nextBefore: z.int().optional() })
          .meta({ id: "AgentVersions" }),
      },
      404: missing,
    },
    async handle(ctx, { params: { name }, query }) {
      return { status: 200, body: await listAgentVersions(ctx, name, query) };
    },
  }),
  operation({
    method: "patch",
    path: `${path}/{name}`,
    summary: "Change an agent",
    tag,
    params,
    body: agentChanges,
    responses: { 200: { description: "The agent as it is now.", schema: agentWithSecretSchema }, 404: missing },
    handle: async (ctx, { params: { name }, body }) => ({ status: 200, body: await updateAgent(ctx, name, body) }),
  }),
  operation({
    method: "post",
    path: `${path}/{name}/pause`,
    summary: "Pause an agent: its tasks wait",
    tag,
    params,
    body: z.strictObject({ reason: storableText(200).min(1).exactOptional() }).optional(),
    responses: { 200: { description: "The agent, paused now or before.", schema: agentSchema }, 404: missing },
    async handle(ctx, { params: { name }, body }) {
      return { status: 200, body: await pauseAgent(ctx, name, body?.reason) };
    },
  }),
  operation({
    method: "post",
    path: `${path}/{name}/resume`,
    summary: "Let a paused agent go on",
    tag,
    params,
    responses: { 200: { description: "The agent, at work again.", schema: agentSchema }, 404: missing },
    handle: async (ctx, { params: { name } }) => ({ status: 200, body: await resumeAgent(ctx, name) }),
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
  operation({
    method: "get",
    path: "/api/v1/teams",
    summary: "List teams",
    tag,
    responses: {
      200: { description: "By name.", schema: z.object({ data: z.array(teamSchema) }).meta({ id: "Teams" }) },
    },
    handle: async (ctx) => ({ status: 200, body: { data: await listTeams(ctx) } }),
  }),
  operation({
    method: "get",
    path: "/api/v1/workers",
    summary: "List the workers that called within the last day",
    tag,
    responses: {
      200: {
        description: "The latest first.",
        schema: z.object({ data: z.array(workerSchema) }).meta({ id: "Workers" }),
      },
    },
    handle: async (ctx) => ({ status: 200, body: { data: await listWorkers(ctx) } }),
  }),
];
