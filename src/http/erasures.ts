import { z } from "zod";
import type { Context } from "../access/context.ts";
import { eraseEvent } from "../events/erase-event.ts";
import { eventDetailSchema } from "../events/event.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { eraseMessage } from "../messages/erase-message.ts";
import { eraseSubscriber, subscriberErasureSchema } from "../messages/erase-subscriber.ts";
import { messageDetailSchema } from "../messages/message.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "Retention";

/** The calls that take payloads out for good and leave what happened. */
export function erasureOperations(services: TaskServices): readonly Operation[] {
  const withServices = (ctx: Context): Context & TaskServices => ({ ...services, ...ctx });
  return [
    operation({
      method: "post",
      path: "/api/v1/events/{id}/erase",
      summary: "Erase the payload of an event and of what came of it",
      tag,
      params: z.strictObject({ id: wireIdSchema("event") }),
      responses: {
        200: { description: "The event without its payload.", schema: eventDetailSchema },
        404: { description: "The project has no such event." },
        409: { description: "`event_undecided`: a route has yet to decide on it. Try again shortly." },
      },
      handle: async (ctx, { params: { id } }) => ({ status: 200, body: await eraseEvent(withServices(ctx), id) }),
    }),
    operation({
      method: "post",
      path: "/api/v1/messages/{id}/erase",
      summary: "Erase the payload of a message and of its attempts",
      tag,
      params: z.strictObject({ id: wireIdSchema("message") }),
      responses: {
        200: { description: "The message without its payload.", schema: messageDetailSchema },
        404: { description: "The project has no such message." },
      },
      handle: async (ctx, { params: { id } }) => ({ status: 200, body: await eraseMessage(ctx, id) }),
    }),
    operation({
      method: "post",
      path: "/api/v1/subscribers/{id}/erase",
      summary: "Erase the payloads of all messages for a subscriber",
      tag,
      params: z.strictObject({ id: wireIdSchema("subscriber") }),
      responses: {
        200: { description: "How far it has come.", schema: subscriberErasureSchema },
        404: { description: "The project has no such subscriber." },
      },
      handle: async (ctx, { params: { id } }) => ({ status: 200, body: await eraseSubscriber(ctx, id) }),
    }),
  ];
}
