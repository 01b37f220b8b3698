import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../access/context.ts";
import { type MessageDetail } from "./message.ts";
import { pollMessages } from "./poll-messages.ts";

/** What a subscriber's stream tells, and from when. */
export interface MessagesToFollow {
  /** The uuid of the message that was told last; absent: after what was acknowledged. */
  readonly after?: string | undefined;
  readonly consumer: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const limit = 100;
const pauseMs = 500;

/**
 * The messages for a subscriber as they come, in batches, in the order and with the refusals of `pollMessages`: none is passed
 * over. An empty batch says that there is nothing new. Ends when the signal says so.
 */
export async function* followMessages(
  ctx: Context,
  subscriberId: string,
  { after, consumer, signal }: MessagesToFollow,
): AsyncGenerator<readonly MessageDetail[]> {
  let cursor = after;
  while (!signal.aborted) {
    const { data, last, hasMore } = await pollMessages(ctx, subscriberId, { limit, cursor, consumer });
    cursor = last;
    yield data;
    if (!hasMore) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
