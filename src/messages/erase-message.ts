import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { eraseMessages } from "./erase-messages.ts";
import { type MessageDetail, presentMessageDetail } from "./message.ts";
import { selectMessage } from "./store.ts";

/**
 * Takes what a message says out of it and out of its attempts, for good. Its deliveries that are pending are canceled, and
 * none is sent again. Erasing it twice is erasing it once. Throws NotFoundError when the project has no such message.
 */
export async function eraseMessage(ctx: Context, id: string): Promise<MessageDetail> {
  authorise(ctx.actor, "payloads:erase");
  return await ctx.db.transaction(async (tx) => {
    if ((await selectMessage(tx, ctx.actor, { id })) === undefined)
      throw new NotFoundError("There is no such message in this project");
    const erased = await eraseMessages(tx, ctx, [id]);
    if (erased > 0) await recordAudit(ctx, tx, { action: "message.erase", target: toWireId("message", id) });
    const row = await selectMessage(tx, ctx.actor, { id });
    if (row === undefined) throw new Error("a locked row is gone");
    return presentMessageDetail(row);
  });
}
