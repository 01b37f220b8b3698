import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { messageTypeForm } from "../lib/event-type-pattern.ts";
import type { BulkOperation } from "./bulk-operation.ts";
import { bulkSpan, findEnabledEndpoint, readSpan } from "./bulk-span.ts";
import { startBulkOperation } from "./start-bulk-operation.ts";

export const endpointReplay = z
  .strictObject({
    ...bulkSpan,
    eventTypes: z
      .array(z.string().regex(messageTypeForm, { error: "must be one type, such as task.completed" }))
      .min(1)
      .max(100)
      .exactOptional()
      .describe("Only messages of these types, of those that the endpoint asks for."),
    all: z
      .boolean()
      .exactOptional()
      .describe("Also those that it got. Absent: only those that it never got, for it was not there, or they failed."),
  })
  .meta({ id: "EndpointReplay" });

type EndpointReplay = z.infer<typeof endpointReplay>;

/**
 * Sends the messages of a span of time that an endpoint asks for now. Throws NotFoundError for an endpoint of others,
 * ConflictError `endpoint_disabled` while it is off.
 */
export async function replayToEndpoint(ctx: Context, id: string, input: EndpointReplay): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:retry");
  const { eventTypes, all, ratePerSecond } = input;
  const parameters = {
    ...readSpan(ctx, input),
    ...(eventTypes === undefined ? {} : { types: eventTypes }),
    ...(all === undefined ? {} : { all }),
  };
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await findEnabledEndpoint(ctx, tx, id);
    return await startBulkOperation(ctx, tx, { kind: "replay", endpoint, parameters, ratePerSecond });
  });
}
