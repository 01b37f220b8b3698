import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type Message, presentMessage } from "./message.ts";
import { type MessageFilter, selectMessages } from "./store.ts";

/** The project's messages, newest first. */
export async function listMessages(ctx: Context, filter: MessageFilter, page: PageRequest): Promise<Page<Message>> {
  authorise(ctx.actor, "messages:read");
  const rows = await selectMessages(ctx.db, ctx.actor, filter, page);
  return pageOf(rows.map(presentMessage), page.limit, (message) => message.id);
}
