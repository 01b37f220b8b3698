import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { GoneError, NotFoundError } from "../lib/errors.ts";
import { selectEventBody } from "./store.ts";

/** The bytes of an event, as the sender sent and signed them, and what it said they are. */
export interface EventBody {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
}

/** The body of the event with this uuid. Throws NotFoundError when the project has none, GoneError `event_erased`. */
export async function getEventBody(ctx: Context, id: string): Promise<EventBody> {
  authorise(ctx.actor, "events:read");
  const row = await selectEventBody(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such event in this project");
  if (row.erased_at !== null) throw new GoneError("event_erased", "The body of this event was erased");
  return { bytes: row.body, contentType: row.content_type ?? undefined };
}
