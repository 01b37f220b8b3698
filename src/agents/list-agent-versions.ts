import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type AgentDefinition } from "./agent-definition.ts";
import { agentSchema } from "./agent.ts";
import { requireAgent } from "./get-agent.ts";
import { selectAgentVersions } from "./store.ts";

/** What an agent was defined as, from one change to the next. */
export const agentVersionSchema = z
  .object({
    version: z.int(),
    contentHash: z.string().exactOptional().describe("SHA-256 of the file that it was imported from, in hexadecimal."),
    actor: z.string().describe("Who made it."),
    createdAt: z.iso.datetime(),
    definition: agentSchema
      .omit({
        id: true,
        name: true,
        version: true,
        status: true,
        lastRun: true,
        paused: true,
        createdAt: true,
        updatedAt: true,
      })
      .describe("All that was said of the agent."),
  })
  .meta({ id: "AgentVersion" });

export type AgentVersion = z.infer<typeof agentVersionSchema>;

/** One page of versions; `nextBefore` is there when there are older ones. */
export interface AgentVersionPage {
  readonly data: readonly AgentVersion[];
  readonly nextBefore?: number;
}

/** The versions of an agent below number `before`, newest first. Throws NotFoundError when the project has no such agent. */
export async function listAgentVersions(
  ctx: Context,
  nameOrId: string,
  { limit, before }: { readonly limit: number; readonly before: number },
): Promise<AgentVersionPage> {
  authorise(ctx.actor, "agents:read");
  const agent = await requireAgent(ctx, nameOrId);
  const rows = await selectAgentVersions(ctx.db, agent.id, before, limit + 1);
  const data = rows.slice(0, limit).map((row) => ({
    version: row.version,
    ...(row.content_hash === null ? {} : { contentHash: row.content_hash.toString("hex") }),
    actor: row.actor_name,
    createdAt: row.created_at.toISOString(),
    definition: row.definition as AgentDefinition,
  }));
  const last = data.at(-1);
  return rows.length <= limit || last === undefined ? { data } : { data, nextBefore: last.version };
}
