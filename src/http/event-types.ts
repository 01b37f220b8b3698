import { z } from "zod";
import { messageTypeForm } from "../lib/event-type-pattern.ts";
import { createEventType, newEventType } from "../messages/create-event-type.ts";
import { deleteEventType } from "../messages/delete-event-type.ts";
import { eventTypeSchema } from "../messages/event-type.ts";
import { getEventType } from "../messages/get-event-type.ts";
import { listEventTypes } from "../messages/list-event-types.ts";
import { eventTypeChanges, updateEventType } from "../messages/update-event-type.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Event types";
const path = "/api/v1/event-types";
const params = z.strictObject({ name: z.string().max(100) });
const missing = { description: "The project has no such event type." };

/** The calls on the catalogue of what a project publishes. */
export const eventTypeOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Add an event type to the catalogue",
    tag,
    body: newEventType,
    freeFields: ["schema", "example"],
    responses: {
      201: { description: "The event type.", schema: eventTypeSchema },
      409: { description: "`event_type_exists`: there is one of this name." },
    },
    handle: async (ctx, { body }) => ({ status: 201, body: await createEventType(ctx, body) }),
  }),
  operation({
    method: "get",
    path,
    summary: "List event types",
    tag,
    forSubscribers: true,
    query: z.strictObject({
      limit: pageQuery("message").limit,
      cursor: z.string().regex(messageTypeForm).optional().describe("The `nextCursor` of the page before."),
    }),
    responses: { 200: { description: "A page, by name.", schema: pageSchema(eventTypeSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listEventTypes(ctx, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{name}`,
    summary: "Read an event type",
    tag,
    forSubscribers: true,
    params,
    responses: { 200: { description: "The event type.", schema: eventTypeSchema }, 404: missing },
    handle: async (ctx, { params: { name } }) => ({ status: 200, body: await getEventType(ctx, name) }),
  }),
  operation({
    method: "patch",
    path: `${path}/{name}`,
    summary: "Change an event type",
    tag,
    params,
    body: eventTypeChanges,
    freeFields: ["schema", "example"],
    responses: { 200: { description: "The event type as it is now.", schema: eventTypeSchema }, 404: missing },
    handle: async (ctx, { params: { name }, body }) => ({ status: 200, body: await updateEventType(ctx, name, body) }),
  }),
  operation({
    method: "delete",
    path: `${path}/{name}`,
    summary: "Take an event type out of the catalogue",
    tag,
    params,
    responses: { 204: { description: "Deleted; messages of this type are no longer checked." }, 404: missing },
    async handle(ctx, { params: { name } }) {
      await deleteEventType(ctx, name);
      return { status: 204 };
    },
  }),
];
