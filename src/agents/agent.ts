import { z } from "zod";
import { budgetSchema } from "../budgets/budget.ts";
import { fromWireId, toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { displayName, storableText } from "../lib/storable-text.ts";
import { type AgentActivity, idle } from "./agent-activity.ts";
import { runnerInput, runnerSchema } from "./runner.ts";
import type { AgentRow } from "./store.ts";

/** An agent's name: unique within its project, part of its URL, and what worker keys are limited to. */
export const agentName = displayName
  .refine((name) => name !== "." && name !== "..", { error: "must not be a path segment such as .." })
  .refine((name) => fromWireId("agent", name) === undefined, { error: "must not have the form of an agent's id" })
  .describe("Unique within the project; never changes.");

const words = z.array(storableText(200).min(1)).max(200);
const word = storableText(100).min(1);

const breaker = z
  .strictObject({
    failures: z.int().min(1).max(100).describe("So many attempts failed in a row …"),
    perSeconds: z.int().min(1).max(86_400).describe("… within this time, and the agent is paused."),
    cooldownSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .exactOptional()
      .describe(
        "After this long one task is tried: it resumes the agent, or pauses it again. Absent: a person resumes it.",
      ),
  })
  .describe("Pauses an agent that only fails, and says `agent.paused`.");

const limits = z.strictObject({
  concurrency: z.int().min(1).max(10_000).exactOptional().describe("Tasks under way at once; absent: no limit."),
  timeoutSeconds: z.int().min(1).max(82_800).exactOptional().describe("For one attempt, at most 23 hours."),
  leaseSeconds: z.int().min(1).max(3_600).exactOptional().describe("How long a worker may be silent."),
  maxAttempts: z.int().min(1).max(20).exactOptional(),
  breaker: breaker.exactOptional(),
  budget: budgetSchema
    .exactOptional()
    .describe("What its tasks may use, whoever makes them; see also limits.budget of routes."),
});

/** What an agent's file says of it that the hub keeps and passes on, and does not act on. */
export const profileFields = {
  type: word,
  role: storableText(1_000).min(1),
  color: z
    .string()
    .regex(/^(#([0-9a-fA-F]{3,4}){1,2}|[A-Za-z][A-Za-z ]{0,49})$/, { error: "must be a name or #rrggbb" }),
  priority: z.union([z.int(), word], { error: "must be a whole number or a word" }),
  permissionMode: word,
  maxTurns: z.int().min(1).max(1_000_000),
  skills: words,
  mcpServers: z
    .union([z.array(z.union([storableText(200).min(1), jsonObjectSchema])).max(100), jsonObjectSchema], {
      error: "must be a list or an object",
    })
    .describe("Names or definitions of MCP servers."),
};

/** What can be said of an agent besides its name. */
export const agentFields = {
  description: storableText(10_000),
  team: word.describe("Any word: agents with the same one are a team."),
  capabilities: words.describe("What the agent can do, in words: routes and tasks may ask for one instead of a name."),
  instructions: storableText(200_000).describe("Trusted text that every task of the agent carries beside its data."),
  model: storableText(200).min(1),
  tools: words.describe("Names of the tools that the agent may use."),
  runner: runnerInput,
  limits: limits.describe("Where absent, the hub's settings hold."),
  ...profileFields,
  metadata: jsonObjectSchema.describe("Whatever else is to be kept of it."),
};

const pause = z.object({
  since: z.iso.datetime(),
  reason: z.string().describe("`manual`, `breaker`, or what was given with the call."),
  resumesAt: z.iso.datetime().exactOptional().describe("When a task is tried again."),
});

/** An agent as the API shows it. */
export const agentSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().exactOptional(),
    team: z.string().exactOptional(),
    capabilities: z.array(z.string()),
    instructions: z.string().exactOptional(),
    model: z.string().exactOptional(),
    tools: z.array(z.string()),
    runner: runnerSchema,
    limits,
    type: profileFields.type.exactOptional(),
    role: profileFields.role.exactOptional(),
    color: profileFields.color.exactOptional(),
    priority: profileFields.priority.exactOptional(),
    permissionMode: profileFields.permissionMode.exactOptional(),
    maxTurns: profileFields.maxTurns.exactOptional(),
    skills: profileFields.skills.exactOptional(),
    mcpServers: profileFields.mcpServers.exactOptional(),
    metadata: jsonObjectSchema.exactOptional(),
    version: z.int().describe("Counts the changes of what is said above."),
    status: z.enum(["idle", "running", "error"]).describe("`error`: its last task failed. Derived from its tasks."),
    lastRun: z.iso
      .datetime()
      .exactOptional()
      .describe("When it last ended a task or, while one is under way, began it."),
    paused: pause.exactOptional().describe("There while it is paused: its tasks wait."),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Agent" });

export type Agent = z.infer<typeof agentSchema>;

/** The public form of a pause; undefined when the agent is not paused. */
export function presentPause(row: AgentRow): z.infer<typeof pause> | undefined {
  if (row.paused_at === null) return undefined;
  return {
    since: row.paused_at.toISOString(),
    reason: row.paused_reason ?? "manual",
    ...(row.resume_at === null ? {} : { resumesAt: row.resume_at.toISOString() }),
  };
}

/** The public form of a stored agent; without activity one that has done nothing yet. */
export function presentAgent(row: AgentRow, activity: AgentActivity = idle): Agent {
  const paused = presentPause(row);
  const metadata = row.metadata as Record<string, unknown>;
  return {
    id: toWireId("agent", row.id),
    name: row.name,
    ...(row.description === null ? {} : { description: row.description }),
    ...(row.team === null ? {} : { team: row.team }),
    capabilities: row.capabilities,
    ...(row.instructions === null ? {} : { instructions: row.instructions }),
    ...(row.model === null ? {} : { model: row.model }),
    tools: row.tools,
    runner: row.runner as Agent["runner"],
    limits: row.limits as Agent["limits"],
    ...(row.profile as Partial<Pick<Agent, keyof typeof profileFields>>),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    version: row.version,
    status: activity.status,
    ...(activity.lastRun === undefined ? {} : { lastRun: activity.lastRun.toISOString() }),
    ...(paused === undefined ? {} : { paused }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
