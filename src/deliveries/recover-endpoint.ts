import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import type { BulkOperation } from "./bulk-operation.ts";
import { bulkSpan, findEnabledEndpoint, readSpan } from "./bulk-span.ts";
import { startBulkOperation } from "./start-bulk-operation.ts";

export const endpointRecovery = z.strictObject(bulkSpan).meta({ id: "EndpointRecovery" });

type EndpointRecovery = z.infer<typeof endpointRecovery>;

/**
 * Sends again what an endpoint failed to take within a span of time. Throws NotFoundError for an endpoint of others,
 * ConflictError `endpoint_disabled` while it is off.
 */
export async function recoverEndpoint(ctx: Context, id: string, input: EndpointRecovery): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:retry");
  const { ratePerSecond } = input;
  const parameters = readSpan(ctx, input);
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await findEnabledEndpoint(ctx, tx, id);
    return await startBulkOperation(ctx, tx, { kind: "recover", endpoint, parameters, ratePerSecond });
  });
}
