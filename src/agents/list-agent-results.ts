import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import { toWireId } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { usageOfTask } from "../tasks/total-usage.ts";
import { requireAgent } from "./get-agent.ts";

/** The states that a result may be of. */
export const resultStates = ["completed", "failed", "canceled", "rejected"] as const;

/** What came of one task. */
export const agentResultSchema = z
  .object({
    taskId: z.string(),
    state: z.enum(resultStates),
    reason: z.string().exactOptional(),
    result: z.unknown().optional(),
    error: z.object({ code: z.string(), message: z.string() }).exactOptional(),
    usage: z.record(z.string(), z.unknown()),
    createdAt: z.iso.datetime(),
    settledAt: z.iso.datetime(),
  })
  .meta({ id: "AgentResult" });

export type AgentResult = z.infer<typeof agentResultSchema>;

interface ResultRow {
  readonly id: string;
  readonly state: AgentResult["state"];
  readonly reason: string | null;
  readonly result: unknown;
  readonly error: { code: string; message: string } | null;
  readonly usage: unknown;
  readonly past_usages: readonly unknown[] | null;
  readonly created_at: Date;
  readonly settled_at: Date;
}

// The newest in each state, then the newest of these: the index by agent, state and id holds them so.
const selectResults = {
  name: "select_agent_results",
  text: `SELECT recent.* FROM unnest($2::text[]) AS wanted (state)
         CROSS JOIN LATERAL (
           SELECT t.id, t.state, t.reason, t.result, t.error, t.usage, t.past_usages, t.created_at, t.settled_at FROM tasks t
           WHERE t.agent_id = $1 AND t.state = wanted.state AND t.id < $3 ORDER BY t.id DESC NULLS LAST LIMIT $4
         ) recent
         ORDER BY recent.id DESC LIMIT $4`,
};

const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";
// A result may have a megabyte, and a page two hundred of them.
const maxPage = 50;

/** What came of an agent's tasks, newest task first. Throws NotFoundError when the project has no such agent. */
export async function listAgentResults(
  ctx: Context,
  nameOrId: string,
  state: AgentResult["state"] | undefined,
  page: PageRequest,
): Promise<Page<AgentResult>> {
  authorise(ctx.actor, "tasks:read");
  const agent = await requireAgent(ctx, nameOrId);
  const limit = Math.min(page.limit, maxPage);
  const states = state === undefined ? resultStates : [state];
  const rows = await ctx.db.query<ResultRow>(selectResults, [agent.id, states, page.cursor ?? lastId, limit + 1]);
  const results = rows.map((row): AgentResult => ({
    taskId: toWireId("task", row.id),
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.result === null ? {} : { result: row.result }),
    ...(row.error === null ? {} : { error: row.error }),
    usage: usageOfTask(row),
    createdAt: row.created_at.toISOString(),
    settledAt: row.settled_at.toISOString(),
  }));
  return pageOf(results, limit, (result) => result.taskId);
}
