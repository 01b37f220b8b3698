import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { readActivity } from "./agent-activity.ts";
import { type Agent, presentAgent } from "./agent.ts";
import { type AgentRow, selectAgent } from "./store.ts";

/** The row of the agent of this name or wire id. Throws NotFoundError when the project has none. */
export async function requireAgent(ctx: Context, nameOrId: string): Promise<AgentRow> {
  const row = await selectAgent(ctx.db, ctx.actor.projectId, nameOrId);
  if (row === undefined) throw new NotFoundError("There is no such agent in this project");
  return row;
}

/** The agent of this name or wire id. Throws NotFoundError when the project has none. */
export async function getAgent(ctx: Context, nameOrId: string): Promise<Agent> {
  authorise(ctx.actor, "agents:read");
  const row = await requireAgent(ctx, nameOrId);
  const activity = await readActivity(ctx.db, [row.id]);
  return presentAgent(row, activity.get(row.id));
}
