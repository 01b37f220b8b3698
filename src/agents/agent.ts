import { z } from "zod";
import { fromWireId, toWireId } from "../lib/ids.ts";
import { displayName, storableText } from "../lib/storable-text.ts";
import type { AgentRow } from "./store.ts";

/** An agent's name: unique within its project, part of its URL, and what worker keys are limited to. */
export const agentName = displayName
  .refine((name) => name !== "." && name !== "..", { error: "must not be a path segment such as .." })
  .refine((name) => fromWireId("agent", name) === undefined, { error: "must not have the form of an agent's id" })
  .describe("Unique within the project; never changes.");

const words = z.array(storableText(100).min(1)).max(100);

/** How the agent is reached. */
const runner = z.strictObject({
  type: z.literal("pull", { error: "must be pull: workers that lease tasks are the only runner so far" }),
});

const limits = z.strictObject({
  concurrency: z.int().min(1).max(10_000).exactOptional().describe("Tasks under way at once; absent: no limit."),
  timeoutSeconds: z.int().min(1).max(82_800).exactOptional().describe("For one attempt, at most 23 hours."),
  leaseSeconds: z.int().min(1).max(3_600).exactOptional().describe("How long a worker may be silent."),
  maxAttempts: z.int().min(1).max(20).exactOptional(),
});

/** What can be said of an agent besides its name. */
export const agentFields = {
  description: storableText(10_000),
  team: storableText(100).min(1),
  capabilities: words.describe("What the agent can do, in words."),
  instructions: storableText(100_000).describe("Trusted text that every task of the agent carries beside its data."),
  model: storableText(200).min(1),
  tools: words.describe("Names of the tools that the agent may use."),
  runner,
  limits: limits.describe("Where absent, the hub's settings hold."),
};

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
    runner,
    limits,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Agent" });

export type Agent = z.infer<typeof agentSchema>;

/** The public form of a stored agent. */
export function presentAgent(row: AgentRow): Agent {
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
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
