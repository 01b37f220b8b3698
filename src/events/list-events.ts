import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type Event, presentEvent } from "./event.ts";
import { type EventFilter, selectEvents } from "./store.ts";

/** The project's events, newest first. A source of another project has none. */
export async function listEvents(ctx: Context, filter: EventFilter, page: PageRequest): Promise<Page<Event>> {
  authorise(ctx.actor, "events:read");
  const rows = await selectEvents(ctx.db, ctx.actor.projectId, filter, page);
  const events = rows.map((row) => presentEvent(row, ctx.publicUrl()));
  return pageOf(events, page.limit, (event) => event.id);
}
