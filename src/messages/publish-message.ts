import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { Transaction } from "../platform/database.ts";
import { announce } from "./announce.ts";
import { messageData, type MessageDetail, presentMessageDetail } from "./message.ts";
import { type FullMessageRow, hasSubscriber, selectMessage } from "./store.ts";

// What the hub itself says begins so; a receiver must be able to trust that.
const reserved = /^(task|endpoint|source|agent)\./i;

export const newMessage = z
  .strictObject({
    type: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{1,100}$/, { error: "must be 1 to 100 letters, digits, dots, dashes and underscores" })
      .refine((type) => !reserved.test(type), {
        error: "must not begin with task., endpoint., source. or agent.: those are the hub's own",
      })
      .describe("E.g. `invoice.paid`. Endpoints choose by it."),
    data: jsonObjectSchema.describe("Sent to the endpoints as it is."),
    subscriberId: wireIdSchema("subscriber")
      .exactOptional()
      .describe("Only this subscriber's endpoints get it. Absent: those of all."),
    id: storableText(256)
      .min(1)
      .exactOptional()
      .describe("The publisher's own id: a second message with it is not sent, and answers with the first."),
  })
  .meta({ id: "NewMessage" });

export type NewMessage = z.infer<typeof newMessage>;

// Compared as it was stored: -0 became 0 there.
function isSame(row: FullMessageRow, { type, subscriberId, data }: NewMessage): boolean {
  const sent: unknown = JSON.parse(JSON.stringify(data));
  return row.type === type && row.subscriber_id === (subscriberId ?? null) && isDeepStrictEqual(messageData(row), sent);
}

async function firstOf(
  tx: Transaction,
  projectId: string,
  externalId: string,
  input: NewMessage,
): Promise<FullMessageRow> {
  const first = await selectMessage(tx, projectId, { externalId });
  if (first === undefined) throw new Error("a message that was in the way is gone");
  if (isSame(first, input)) return first;
  throw new ConflictError("message_exists", "There is a message with this id and another content already");
}

/**
 * Stores a message with its deliveries. A second one with the same `id` and content answers with the first. Throws
 * ConflictError `message_exists` for the same id with another content, InvalidError for an unknown subscriber.
 */
export async function publishMessage(ctx: Context, input: NewMessage): Promise<MessageDetail> {
  authorise(ctx.actor, "messages:publish");
  const { projectId } = ctx.actor;
  const { type, data, subscriberId, id: externalId } = input;
  const announcement = {
    projectId,
    type,
    data,
    ...(subscriberId === undefined ? {} : { subscriberId }),
    ...(externalId === undefined ? {} : { externalId }),
  };
  return await ctx.db.transaction(async (tx) => {
    const [id] = await announce(tx, ctx, [announcement]);
    if (id === undefined && externalId !== undefined)
      return presentMessageDetail(await firstOf(tx, projectId, externalId, input));
    // After the look for an earlier one, so that a repeat is answered even when the subscriber has been deleted since.
    if (subscriberId !== undefined && !(await hasSubscriber(tx, projectId, subscriberId))) {
      const message = "must be the id of a subscriber of this project";
      throw new InvalidError(`subscriberId ${message}`, [{ path: "subscriberId", message }]);
    }
    const row = id === undefined ? undefined : await selectMessage(tx, projectId, { id });
    if (row === undefined) throw new Error("a stored row is gone");
    await recordAudit(ctx, tx, { action: "message.publish", target: toWireId("message", row.id), detail: { type } });
    return presentMessageDetail(row);
  });
}
