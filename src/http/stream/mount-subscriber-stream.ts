import type { Router } from "express";
import { z } from "zod";
import type { Context } from "../../access/context.ts";
import { fromWireId } from "../../lib/ids.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { wireIdSchema } from "../../lib/wire-id-schema.ts";
import { followMessages } from "../../messages/follow-messages.ts";
import type { MessageDetail } from "../../messages/message.ts";
import { consumerName } from "../../messages/subscriber-reader.ts";
import type { OperationHost } from "../mount-operations.ts";
import { namePath } from "../name-path.ts";
import { stateOf } from "../request-state.ts";
import { sendEvents } from "./send-events.ts";
import type { StreamPlaces } from "./stream-places.ts";

/** Where a subscriber's messages come as server-sent events. */
export const subscriberStreamPath = "/api/v1/subscribers/{id}/messages/stream";

const params = z.strictObject({ id: wireIdSchema("subscriber") });

const lastMessageId = z
  .string()
  .transform((text, ctx) => {
    const uuid = fromWireId("message", text);
    if (uuid !== undefined) return uuid;
    ctx.addIssue({ code: "custom", message: "must be the id of a message, as the stream told it" });
    return z.NEVER;
  })
  .optional();

const query = z.strictObject({ consumer: consumerName.default("default"), lastEventId: lastMessageId });

async function* told(batches: AsyncGenerator<readonly MessageDetail[]>) {
  for await (const batch of batches)
    yield batch.map((message) => ({ id: message.id, type: message.type, data: message }));
}

/**
 * Mounts the stream of a subscriber's messages, for receivers behind a firewall: the same as a poll tells, in the same order,
 * resumable by `Last-Event-ID`, without which it goes on after what was acknowledged. A portal token may open its own.
 */
export function mountSubscriberStream(router: Router, host: OperationHost, places: StreamPlaces): void {
  router.get(
    subscriberStreamPath.replace("{id}", ":id"),
    namePath(subscriberStreamPath),
    host.authentication.requireBearer,
    host.authentication.limitRate,
    async (request, response) => {
      const { actor } = stateOf(response);
      if (actor === undefined) throw new Error("A stream was reached without authentication");
      const { id } = parseInput(params, request.params);
      const { consumer, lastEventId } = parseInput(query, request.query);
      const after = parseInput(lastMessageId, request.get("last-event-id")) ?? lastEventId;
      const ctx: Context = { ...host.services, actor };
      const leave = places.take();
      try {
        const signal = host.signalOf(response);
        await sendEvents(response, told(followMessages(ctx, id, { after, consumer, signal })));
      } finally {
        leave();
      }
    },
  );
}
