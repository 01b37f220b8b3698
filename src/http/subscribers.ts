import { z } from "zod";
import { createSubscriber, newSubscriber } from "../endpoints/create-subscriber.ts";
import { deleteSubscriber } from "../endpoints/delete-subscriber.ts";
import { getSubscriber } from "../endpoints/get-subscriber.ts";
import { listSubscribers } from "../endpoints/list-subscribers.ts";
import { subscriberSchema } from "../endpoints/subscriber.ts";
import { subscriberChanges, updateSubscriber } from "../endpoints/update-subscriber.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Subscribers";
const path = "/api/v1/subscribers";
const params = z.strictObject({ id: wireIdSchema("subscriber") });
const missing = { description: "The project has no such subscriber." };
const taken = { description: "`subscriber_exists`: another one has this externalId." };

/** The calls on subscribers. */
export const subscriberOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Register a subscriber",
    tag,
    body: newSubscriber,
    responses: { 201: { description: "The subscriber.", schema: subscriberSchema }, 409: taken },
    handle: async (ctx, { body }) => ({ status: 201, body: await createSubscriber(ctx, body) }),
  }),
  operation({
    method: "get",
    path,
    summary: "List subscribers",
    tag,
    forSubscribers: true,
    query: z.strictObject(pageQuery("subscriber")),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(subscriberSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listSubscribers(ctx, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read a subscriber",
    tag,
    forSubscribers: true,
    params,
    responses: { 200: { description: "The subscriber.", schema: subscriberSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getSubscriber(ctx, id) }),
  }),
  operation({
    method: "patch",
    path: `${path}/{id}`,
    summary: "Change a subscriber",
    tag,
    params,
    body: subscriberChanges,
    responses: {
      200: { description: "The subscriber as it is now.", schema: subscriberSchema },
      404: missing,
      409: taken,
    },
    handle: async (ctx, { params: { id }, body }) => ({ status: 200, body: await updateSubscriber(ctx, id, body) }),
  }),
  operation({
    method: "delete",
    path: `${path}/{id}`,
    summary: "Delete a subscriber with its endpoints",
    tag,
    params,
    responses: { 204: { description: "Deleted; pending deliveries were canceled." }, 404: missing },
    async handle(ctx, { params: { id } }) {
      await deleteSubscriber(ctx, id);
      return { status: 204 };
    },
  }),
];
