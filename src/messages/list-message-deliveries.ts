import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import { listDeliveries } from "../deliveries/list-deliveries.ts";
import type { Page } from "../lib/cursor.ts";
import { NotFoundError } from "../lib/errors.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { selectMessage } from "./store.ts";

/** Where the message with this uuid goes, newest first. Throws NotFoundError when the project has no such message. */
export async function listMessageDeliveries(
  ctx: Context,
  messageId: string,
  page: PageRequest,
): Promise<Page<Delivery>> {
  authorise(ctx.actor, "messages:read");
  if ((await selectMessage(ctx.db, ctx.actor, { id: messageId })) === undefined)
    throw new NotFoundError("There is no such message in this project");
  return await listDeliveries(ctx, { messageId }, page);
}
