import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { encodeCursor } from "../lib/cursor.ts";
import { toWireId } from "../lib/ids.ts";
import { type MessageDetail, messageDetailSchema, presentMessageDetail } from "./message.ts";
import { selectPosition } from "./position-store.ts";
import { consumerName, messageCursor, requireSubscriber } from "./subscriber-reader.ts";
import { selectSettledForSubscriber } from "./subscriber-message-store.ts";

export const messagePoll = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: messageCursor
    .optional()
    .describe("The `nextCursor` of the answer before. Absent: after what was acknowledged."),
  consumer: consumerName.default("default"),
});

export const polledMessagesSchema = z
  .object({
    data: z.array(messageDetailSchema).describe("Oldest first."),
    nextCursor: z.string().exactOptional().describe("Where to go on, now or later. Absent: nothing has ever come."),
    hasMore: z.boolean().describe("Whether more is there already."),
  })
  .meta({ id: "PolledMessages" });

type MessagePoll = z.infer<typeof messagePoll>;

/** What a subscriber pulls at once. */
export interface PolledMessages {
  readonly data: readonly MessageDetail[];
  readonly nextCursor?: string;
  readonly hasMore: boolean;
}

/** The same, with the uuid of the message at which it ends. */
interface PolledUpTo extends PolledMessages {
  readonly last: string | undefined;
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
): Promise<PolledUpTo> {
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
    last: next,
  };
}
