import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { selectSubscribers } from "./store.ts";
import { presentSubscriber, type Subscriber } from "./subscriber.ts";

/** The project's subscribers, newest first. */
export async function listSubscribers(ctx: Context, page: PageRequest): Promise<Page<Subscriber>> {
  authorise(ctx.actor, "subscribers:read");
  const rows = await selectSubscribers(ctx.db, ctx.actor, page);
  return pageOf(rows.map(presentSubscriber), page.limit, (subscriber) => subscriber.id);
}
