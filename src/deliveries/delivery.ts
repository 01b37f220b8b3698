import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { deliveryStates } from "./delivery-state.ts";
import type { DeliveryRow } from "./store.ts";

/** A delivery as the API shows it. */
export const deliverySchema = z
  .object({
    id: z.string(),
    messageId: z.string(),
    endpointId: z.string(),
    state: z.enum(deliveryStates),
    attemptCount: z.int(),
    lastOutcome: z.string().exactOptional().describe("How the last attempt went, e.g. `http_5xx` or `timeout`."),
    lastStatus: z.int().exactOptional().describe("The HTTP status of the last attempt that got an answer."),
    nextAttemptAt: z.iso.datetime().exactOptional().describe("Absent from a pending one: it is due now."),
    held: z.literal(true).exactOptional().describe("It waits for its endpoint to be enabled again."),
    createdAt: z.iso.datetime(),
    settledAt: z.iso.datetime().exactOptional(),
  })
  .meta({ id: "Delivery" });

export type Delivery = z.infer<typeof deliverySchema>;

/** The public form of a stored delivery. */
export function presentDelivery(row: DeliveryRow): Delivery {
  return {
    id: toWireId("delivery", row.id),
    messageId: toWireId("message", row.message_id),
    endpointId: toWireId("endpoint", row.endpoint_id),
    state: row.state as Delivery["state"],
    attemptCount: row.attempts,
    ...(row.last_outcome === null ? {} : { lastOutcome: row.last_outcome }),
    ...(row.last_status === null ? {} : { lastStatus: row.last_status }),
    ...(row.next_attempt_at === null ? {} : { nextAttemptAt: row.next_attempt_at.toISOString() }),
    ...(row.held ? { held: true } : {}),
    createdAt: row.created_at.toISOString(),
    ...(row.settled_at === null ? {} : { settledAt: row.settled_at.toISOString() }),
  };
}
