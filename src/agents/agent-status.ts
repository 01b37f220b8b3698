import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import { idle, readActivity } from "./agent-activity.ts";
import { agentSchema, presentPause } from "./agent.ts";
import { requireAgent } from "./get-agent.ts";

// What waits is counted no further than this: a backlog of a million must not cost a million.
const maxCounted = 1_000;
const counted = z.int().describe(`At most ${maxCounted}, however many there are.`);

/** What an agent does. */
export const agentStatusSchema = agentSchema
  .pick({ id: true, name: true, status: true, lastRun: true, paused: true })
  .extend({
    lastTaskId: z.string().exactOptional().describe("The task of that run."),
    waiting: counted,
    working: counted,
    inputRequired: counted,
  })
  .meta({ id: "AgentStatus" });

const countOpen = {
  name: "count_open_tasks_of_agent",
  text: `SELECT wanted.state, (
           SELECT count(*)::int FROM (
             SELECT 1 FROM tasks t WHERE t.agent_id = $1 AND t.state = wanted.state LIMIT ${maxCounted}
           ) capped) AS tasks
         FROM unnest(ARRAY['submitted', 'working', 'input_required']) AS wanted (state)`,
};

/** What the agent of this name or wire id does, and how much waits for it. Throws NotFoundError when there is none. */
export async function readAgentStatus(ctx: Context, nameOrId: string): Promise<z.infer<typeof agentStatusSchema>> {
  authorise(ctx.actor, "agents:read");
  const row = await requireAgent(ctx, nameOrId);
  const { status, lastRun, lastTaskId } = (await readActivity(ctx.db, [row.id])).get(row.id) ?? idle;
  const counts = await ctx.db.query<{ state: string; tasks: number }>(countOpen, [row.id]);
  const of = (state: string): number => counts.find((count) => count.state === state)?.tasks ?? 0;
  const paused = presentPause(row);
  return {
    id: toWireId("agent", row.id),
    name: row.name,
    status,
    ...(lastRun === undefined ? {} : { lastRun: lastRun.toISOString() }),
    ...(lastTaskId === undefined ? {} : { lastTaskId: toWireId("task", lastTaskId) }),
    ...(paused === undefined ? {} : { paused }),
    waiting: of("submitted"),
    working: of("working"),
    inputRequired: of("input_required"),
  };
}
