import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { type MessageDetail, presentMessageDetail } from "./message.ts";
import { selectMessage } from "./store.ts";

/** The message with this uuid and what it says. Throws NotFoundError when the project has none. */
export async function getMessage(ctx: Context, id: string): Promise<MessageDetail> {
  authorise(ctx.actor, "messages:read");
  const row = await selectMessage(ctx.db, ctx.actor, { id });
  if (row === undefined) throw new NotFoundError("There is no such message in this project");
  return presentMessageDetail(row);
}
