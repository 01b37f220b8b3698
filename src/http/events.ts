import { z } from "zod";
import { eventDetailSchema, eventSchema } from "../events/event.ts";
import { getEvent } from "../events/get-event.ts";
import { getEventBody } from "../events/get-event-body.ts";
import { listEvents } from "../events/list-events.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { moment } from "./moment.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Events";
const path = "/api/v1/events";
const params = z.strictObject({ id: wireIdSchema("event") });
const missing = { description: "The project has no such event." };

/** The calls on what came in. */
export const eventOperations: readonly Operation[] = [
  operation({
    method: "get",
    path,
    summary: "List events",
    tag,
    query: z.strictObject({
      sourceId: wireIdSchema("source").optional(),
      type: z.string().max(500).optional().describe("The very type, e.g. `issues.opened`."),
      after: moment.optional().describe("Received at this time or later."),
      before: moment.optional().describe("Received before this time."),
      ...pageQuery("event"),
    }),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(eventSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listEvents(ctx, query, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read an event and what it led to",
    tag,
    params,
    responses: { 200: { description: "The event.", schema: eventDetailSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getEvent(ctx, id) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}/body`,
    summary: "Read the body of an event, byte for byte",
    tag,
    params,
    responses: {
      200: { description: "In the content type that the sender gave.", contentType: "*/*" },
      404: missing,
      410: { description: "`event_erased`: the event is there, its body was erased." },
    },
    async handle(ctx, { params: { id } }) {
      const { bytes, contentType } = await getEventBody(ctx, id);
      return { status: 200, body: bytes, ...(contentType === undefined ? {} : { contentType }) };
    },
  }),
];
