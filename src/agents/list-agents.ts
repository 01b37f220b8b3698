import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { readActivity } from "./agent-activity.ts";
import { type Agent, presentAgent } from "./agent.ts";
import { type AgentFilter, selectAgents } from "./store.ts";

/** The project's agents, newest first: all, or those of a team or with a capability. */
export async function listAgents(ctx: Context, filter: AgentFilter, page: PageRequest): Promise<Page<Agent>> {
  authorise(ctx.actor, "agents:read");
  const rows = await selectAgents(ctx.db, ctx.actor.projectId, filter, page);
  const activity = await readActivity(
    ctx.db,
    rows.map((row) => row.id),
  );
  return pageOf(
    rows.map((row) => presentAgent(row, activity.get(row.id))),
    page.limit,
    (agent) => agent.id,
  );
}
