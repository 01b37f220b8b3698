import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { type Agent, presentAgent } from "./agent.ts";
import { selectAgent } from "./store.ts";

/** The agent of this name or wire id. Throws NotFoundError when the project has none. */
export async function getAgent(ctx: Context, nameOrId: string): Promise<Agent> {
  authorise(ctx.actor, "agents:read");
  const row = await selectAgent(ctx.db, ctx.actor.projectId, nameOrId);
  if (row === undefined) throw new NotFoundError("There is no such agent in this project");
  return presentAgent(row);
}
