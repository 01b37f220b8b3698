import { z } from "zod";
import { attemptSchema } from "../deliveries/attempt.ts";
import { cancelDelivery } from "../deliveries/cancel-delivery.ts";
import { deliveryStates } from "../deliveries/delivery-state.ts";
import { deliverySchema } from "../deliveries/delivery.ts";
import { getDelivery } from "../deliveries/get-delivery.ts";
import { listAttempts } from "../deliveries/list-attempts.ts";
import { listDeliveries } from "../deliveries/list-deliveries.ts";
import { retryDelivery } from "../deliveries/retry-delivery.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { moment } from "./moment.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Deliveries";
const path = "/api/v1/deliveries";
const params = z.strictObject({ id: wireIdSchema("delivery") });
const missing = { description: "The project has no such delivery." };

/** The calls on what went out. */
export const deliveryOperations: readonly Operation[] = [
  operation({
    method: "get",
    path,
    summary: "List deliveries",
    tag,
    forSubscribers: true,
    query: z.strictObject({
      state: z.enum(deliveryStates).optional(),
      endpointId: wireIdSchema("endpoint").optional(),
      messageId: wireIdSchema("message").optional(),
      type: z.string().max(100).optional().describe("The very type of the message, e.g. `task.completed`."),
      status: z.coerce.number().int().min(100).max(999).optional().describe("The HTTP status of the last answer."),
      outcome: z
        .string()
        .regex(/^[a-z0-9_]{1,50}$/)
        .optional()
        .describe("How the last attempt went, e.g. `timeout` or `http_5xx`."),
      after: moment.optional().describe("Made at this time or later."),
      before: moment.optional().describe("Made before this time."),
      ...pageQuery("delivery"),
    }),
    responses: {
      200: {
        description:
          "A page, newest first. It may be short or empty and still have a `nextCursor`: go on while there is one.",
        schema: pageSchema(deliverySchema),
      },
    },
    handle: async (ctx, { query }) => ({ status: 200, body: await listDeliveries(ctx, query, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read a delivery",
    tag,
    forSubscribers: true,
    params,
    responses: { 200: { description: "The delivery.", schema: deliverySchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getDelivery(ctx, id) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}/attempts`,
    summary: "List the attempts at a delivery",
    tag,
    forSubscribers: true,
    params,
    query: z.strictObject(pageQuery("attempt")),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(attemptSchema) }, 404: missing },
    handle: async (ctx, { params: { id }, query }) => ({ status: 200, body: await listAttempts(ctx, id, query) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/retry`,
    summary: "Send a delivery now, once more if it was settled",
    tag,
    forSubscribers: true,
    params,
    responses: {
      202: { description: "The delivery, due now.", schema: deliverySchema },
      404: missing,
      409: { description: "`endpoint_disabled`: enable its endpoint first." },
      410: { description: "`message_erased`: there is nothing to send any more." },
    },
    handle: async (ctx, { params: { id } }) => ({ status: 202, body: await retryDelivery(ctx, id) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/cancel`,
    summary: "End a pending delivery",
    tag,
    forSubscribers: true,
    params,
    responses: {
      200: { description: "The delivery, canceled.", schema: deliverySchema },
      404: missing,
      409: { description: "`delivery_settled`: it is not pending any more." },
    },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await cancelDelivery(ctx, id) }),
  }),
];
