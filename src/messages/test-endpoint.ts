import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { type Delivery, presentDelivery } from "../deliveries/delivery.ts";
import { searchDeliveries } from "../deliveries/delivery-search-store.ts";
import { selectEndpoint } from "../endpoints/store.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { messageTypeForm } from "../lib/event-type-pattern.ts";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { announce } from "./announce.ts";
import { selectEventType } from "./event-type-store.ts";

export const endpointTest = z
  .strictObject({
    eventType: z
      .string()
      .regex(messageTypeForm)
      .exactOptional()
      .describe("A type of the catalogue, whose example is sent. Absent: `endpoint.test`."),
    data: jsonObjectSchema.exactOptional().describe("Sent instead of the example."),
  })
  .meta({ id: "EndpointTest" });

type EndpointTest = z.infer<typeof endpointTest>;

/**
 * Sends a message to one endpoint alone, whatever it asks for, as any other is sent: signed, and tried again. Answers with its
 * delivery. Throws NotFoundError for an endpoint of others, ConflictError `endpoint_disabled` while it is off, and
 * `no_example` for a type without one.
 */
export async function testEndpoint(ctx: Context, id: string, { eventType, data }: EndpointTest): Promise<Delivery> {
  authorise(ctx.actor, "endpoints:write");
  const { projectId } = ctx.actor;
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await selectEndpoint(tx, ctx.actor, id);
    if (endpoint === undefined) throw new NotFoundError("There is no such endpoint in this project");
    if (endpoint.disabled) throw new ConflictError("endpoint_disabled", "The endpoint is disabled; enable it first");
    const known = eventType === undefined ? undefined : await selectEventType(tx, projectId, eventType);
    const example = eventType === undefined ? { endpoint: { id: toWireId("endpoint", id) } } : known?.example;
    const sent = data ?? (example as object | null | undefined);
    if (sent === null || sent === undefined)
      throw new ConflictError("no_example", "This event type has no example; name the data to send");
    const [messageId] = await announce(tx, ctx, [
      {
        projectId,
        type: eventType ?? "endpoint.test",
        data: sent,
        subscriberId: endpoint.subscriber_id,
        onlyEndpointId: id,
      },
    ]);
    const found = await searchDeliveries(tx, ctx.actor, { messageId: messageId ?? "" }, { limit: 1 });
    const [delivery] = found.rows;
    if (delivery === undefined) throw new Error("a stored delivery is gone");
    await recordAudit(ctx, tx, { action: "endpoint.test", target: toWireId("endpoint", id) });
    return presentDelivery(delivery);
  });
}
