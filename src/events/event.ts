import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { decisionSchema } from "../routing/decision.ts";
import type { StoredEvent } from "./store.ts";

const eventShape = z.object({
  id: z.string(),
  type: z.string(),
  provider: z.string(),
  sourceId: z.string(),
  deliveryId: z.string().describe("The sender's id of this delivery: what tells a repeat."),
  receivedAt: z.iso.datetime(),
  headers: z.record(z.string(), z.string()).describe("The headers that are kept, in lower case."),
  contentType: z.string().exactOptional(),
  bodySize: z.int().describe("In bytes."),
  bodyUrl: z.string().describe("Where the body is read, byte for byte as it was received."),
  conflict: z.boolean().describe("The same delivery id came again with another body, which was not stored."),
  erasedAt: z.iso.datetime().exactOptional().describe("When its body and its headers were erased."),
});

/** An event as the API shows it in lists. */
export const eventSchema = eventShape.meta({ id: "Event" });

/** An event with what it led to. */
export const eventDetailSchema = eventShape
  .extend({
    tasks: z
      .array(z.object({ id: z.string(), agent: z.string(), state: z.string() }))
      .describe("The tasks that it caused, newest first; at most 200."),
    decisions: z
      .array(decisionSchema)
      .describe(
        "What each route that was asked made of it, the last generation first; at most 200, and 20 that did not match in each generation.",
      ),
    replays: z
      .array(z.object({ id: z.string(), generation: z.int(), replayedAt: z.iso.datetime() }))
      .describe("How often it was routed again, the last first; at most 20. Decisions name the generation."),
  })
  .meta({ id: "EventDetail" });

export type Event = z.infer<typeof eventSchema>;
export type EventDetail = z.infer<typeof eventDetailSchema>;

/** The public form of a stored event. */
export function presentEvent(row: StoredEvent, publicUrl: string): Event {
  const id = toWireId("event", row.id);
  return {
    id,
    type: row.type,
    provider: row.provider,
    sourceId: toWireId("source", row.source_id),
    deliveryId: row.delivery_id,
    receivedAt: row.received_at.toISOString(),
    headers: row.headers,
    ...(row.content_type === null ? {} : { contentType: row.content_type }),
    bodySize: row.body_size,
    bodyUrl: `${publicUrl}/api/v1/events/${id}/body`,
    conflict: row.conflict,
    ...(row.erased_at === null ? {} : { erasedAt: row.erased_at.toISOString() }),
  };
}
