import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type Agent, presentAgent } from "./agent.ts";
import { selectAgents } from "./store.ts";

/** The project's agents, newest first. */
export async function listAgents(ctx: Context, page: PageRequest): Promise<Page<Agent>> {
  authorise(ctx.actor, "agents:read");
  const rows = await selectAgents(ctx.db, ctx.actor.projectId, page);
  return pageOf(rows.map(presentAgent), page.limit, (agent) => agent.id);
}
