import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { type EventType, presentEventType } from "./event-type.ts";
import { selectEventType } from "./event-type-store.ts";

/** The event type of this name. Throws NotFoundError when the project has none. */
export async function getEventType(ctx: Context, name: string): Promise<EventType> {
  authorise(ctx.actor, "eventTypes:read");
  const row = await selectEventType(ctx.db, ctx.actor.projectId, name);
  if (row === undefined) throw new NotFoundError("There is no such event type in this project");
  return presentEventType(row);
}
