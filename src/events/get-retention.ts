import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { presentRetention, type Retention } from "./retention.ts";
import { selectRetention } from "./retention-store.ts";

/** How long the project keeps what has ended. */
export async function getRetention(ctx: Context): Promise<Retention> {
  authorise(ctx.actor, "retention:read");
  const row = await selectRetention(ctx.db, ctx.actor.projectId);
  if (row === undefined) throw new NotFoundError("There is no such project");
  return presentRetention(row, ctx.settings.retention.days);
}
