import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { upsertPosition } from "./position-store.ts";
import { selectMessage } from "./store.ts";
import { consumerName, messageCursor, requireSubscriber } from "./subscriber-reader.ts";

export const messageAcknowledgement = z
  .strictObject({
    cursor: messageCursor
      .meta({ type: "string" })
      .describe("The `nextCursor` of the answer whose messages are dealt with."),
    consumer: consumerName.exactOptional(),
  })
  .meta({ id: "MessageAcknowledgement" });

type MessageAcknowledgement = z.infer<typeof messageAcknowledgement>;

/**
 * Remembers how far a reader is: its next poll without a cursor goes on there. Throws NotFoundError for a subscriber of
 * others, InvalidError for a cursor that is not of its messages.
 */
export async function acknowledgeMessages(
  ctx: Context,
  subscriberId: string,
  { cursor, consumer = "default" }: MessageAcknowledgement,
): Promise<void> {
  authorise(ctx.actor, "messages:acknowledge");
  await requireSubscriber(ctx, subscriberId);
  const scope = { projectId: ctx.actor.projectId, subscriberId };
  await ctx.db.transaction(async (tx) => {
    if ((await selectMessage(tx, scope, { id: cursor })) === undefined) {
      const message = "is not of a message of this subscriber";
      throw new InvalidError(`cursor ${message}`, [{ path: "cursor", message }]);
    }
    await upsertPosition(tx, { subscriberId, consumer, messageId: cursor, now: new Date(ctx.clock.now()) });
    const detail = { consumer, message: toWireId("message", cursor) };
    await recordAudit(ctx, tx, { action: "message.acknowledge", target: toWireId("subscriber", subscriberId), detail });
  });
}
