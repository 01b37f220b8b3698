import { z } from "zod";
import { deliverySchema } from "../deliveries/delivery.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { getMessage } from "../messages/get-message.ts";
import { listMessageDeliveries } from "../messages/list-message-deliveries.ts";
import { listMessages } from "../messages/list-messages.ts";
import { messageDetailSchema, messageSchema } from "../messages/message.ts";
import { newMessage, publishMessage } from "../messages/publish-message.ts";
import { messageResend, resendMessage } from "../messages/resend-message.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Messages";
const path = "/api/v1/messages";
const params = z.strictObject({ id: wireIdSchema("message") });
const missing = { description: "The project has no such message." };

/** The calls on what subscribers are told. */
export const messageOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Publish a message",
    tag,
    body: newMessage,
    freeFields: ["data"],
    responses: {
      202: {
        description: "Stored with its deliveries, or stored before under this `id`.",
        schema: messageDetailSchema,
      },
      409: { description: "`message_exists`: there is a message with this `id` and another content." },
    },
    handle: async (ctx, { body }) => ({ status: 202, body: await publishMessage(ctx, body) }),
  }),
  operation({
    method: "get",
    path,
    summary: "List messages",
    tag,
    forSubscribers: true,
    query: z.strictObject({
      type: z.string().max(100).optional().describe("The very type, e.g. `task.completed`."),
      ...pageQuery("message"),
    }),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(messageSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listMessages(ctx, query, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read a message",
    tag,
    forSubscribers: true,
    params,
    responses: { 200: { description: "The message.", schema: messageDetailSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getMessage(ctx, id) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/resend`,
    summary: "Send a message again",
    tag,
    forSubscribers: true,
    params,
    body: messageResend.optional(),
    responses: {
      202: { description: "Its deliveries, newest first.", schema: z.object({ data: z.array(deliverySchema) }) },
      404: missing,
      409: { description: "`no_endpoint`: no enabled endpoint is to get it." },
      410: { description: "`message_erased`: there is nothing to send any more." },
    },
    handle: async (ctx, { params: { id }, body = {} }) => ({
      status: 202,
      body: { data: await resendMessage(ctx, id, body) },
    }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}/deliveries`,
    summary: "List the deliveries of a message",
    tag,
    forSubscribers: true,
    params,
    query: z.strictObject(pageQuery("delivery")),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(deliverySchema) }, 404: missing },
    handle: async (ctx, { params: { id }, query }) => ({
      status: 200,
      body: await listMessageDeliveries(ctx, id, query),
    }),
  }),
];
