import { z } from "zod";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { acknowledgeMessages, messageAcknowledgement } from "../messages/acknowledge-messages.ts";
import { messagePoll, polledMessagesSchema, pollMessages } from "../messages/poll-messages.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "Messages";
const path = "/api/v1/subscribers/{id}/messages";
const params = z.strictObject({ id: wireIdSchema("subscriber") });
const missing = { description: "The project has no such subscriber." };

/** The calls by which a receiver behind a firewall fetches its messages. */
export const subscriberMessageOperations: readonly Operation[] = [
  operation({
    method: "get",
    path: `${path}/poll`,
    summary: "Fetch the next messages of a subscriber",
    tag,
    forSubscribers: true,
    params,
    query: messagePoll,
    responses: { 200: { description: "Oldest first, none passed over.", schema: polledMessagesSchema }, 404: missing },
    async handle(ctx, { params: { id }, query }) {
      const { last: _uuid, ...body } = await pollMessages(ctx, id, query);
      return { status: 200, body };
    },
  }),
  operation({
    method: "post",
    path: `${path}/ack`,
    summary: "Acknowledge the messages up to a cursor",
    tag,
    forSubscribers: true,
    params,
    body: messageAcknowledgement,
    responses: { 204: { description: "A poll without a cursor goes on after them." }, 404: missing },
    async handle(ctx, { params: { id }, body }) {
      await acknowledgeMessages(ctx, id, body);
      return { status: 204 };
    },
  }),
];
