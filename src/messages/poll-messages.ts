import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { selectSubscriber } from "../endpoints/store.ts";
import { decodeCursor, encodeCursor } from "../lib/cursor.ts";
import { InvalidError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { type MessageDetail, messageDetailSchema, presentMessageDetail } from "./message.ts";
import { selectMessage } from "./store.ts";
import { selectPosition, upsertPosition } from "./position-store.ts";
import { selectSettledForSubscriber } from "./subscriber-message-store.ts";

const consumerName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: "must be 1 to 64 letters, digits, dots, dashes and underscores" })
  .describe("Whose position is meant, where several read for one subscriber. Absent: `default`.");

/** A cursor of these lists: the message after which to go on. */
const messageCursor = z
  .string()
  .max(200)
  .transform((text, ctx) => {
    const uuid = decodeCursor("message", text);
    if (uuid !== undefined) return uuid;
    ctx.addIssue({ code: "custom", message: "must be the nextCursor of an earlier answer" });
    return z.NEVER;
  });

export const messagePoll = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: messageCursor
    .optional()
    .describe("The `nextCursor` of the answer before. Absent: after what was acknowledged."),
  consumer: consumerName.default("default"),
});

export const messageAcknowledgement = z
  .strictObject({
    cursor: messageCursor
      .meta({ type: "string" })
      .describe("The `nextCursor` of the answer whose messages are dealt with."),
    consumer: consumerName.exactOptional(),
  })
  .meta({ id: "MessageAcknowledgement" });

export const polledMessagesSchema = z
  .object({
    data: z.array(messageDetailSchema).describe("Oldest first."),
    nextCursor: z.string().exactOptional().describe("Where to go on, now or later. Absent: nothing has ever come."),
    hasMore: z.boolean().describe("Whether more is there already."),
  })
  .meta({ id: "PolledMessages" });

type MessagePoll = z.infer<typeof messagePoll>;
type MessageAcknowledgement = z.infer<typeof messageAcknowledgement>;

/** What a subscriber pulls at once. */
export interface PolledMessages {
  readonly data: readonly MessageDetail[];
  readonly nextCursor?: string;
  readonly hasMore: boolean;
}

async function requireSubscriber(ctx: Context, id: string): Promise<void> {
  if ((await selectSubscriber(ctx.db, ctx.actor, { id })) === undefined)
    throw new NotFoundError("There is no such subscriber in this project");
}

/**
 * The messages for a subscriber, those for all included, in the order in which they became visible: none is passed over by
 * who goes on where the last answer ended. Without a cursor it begins after what was acknowledged: a reader that dies gets
 * again what it did not acknowledge. Throws NotFoundError for a subscriber of others.
 */
export async function pollMessages(
  ctx: Context,
  subscriberId: string,
  { limit, cursor, consumer }: MessagePoll,
): Promise<PolledMessages> {
  authorise(ctx.actor, "messages:read");
  await requireSubscriber(ctx, subscriberId);
  const after = cursor ?? (await selectPosition(ctx.db, subscriberId, consumer));
  const which = { projectId: ctx.actor.projectId, subscriberId, cursor: after, limit: limit + 1 };
  const rows = await selectSettledForSubscriber(ctx.db, which);
  const shown = rows.slice(0, limit);
  const next = shown.at(-1)?.id ?? after;
  return {
    data: shown.map(presentMessageDetail),
    ...(next === undefined ? {} : { nextCursor: encodeCursor(toWireId("message", next)) }),
    hasMore: rows.length > limit,
  };
}

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
