import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import type { BulkOperation } from "./bulk-operation.ts";
import { bulkSpan, findEndpoint, readSpan } from "./bulk-span.ts";
import { startBulkOperation } from "./start-bulk-operation.ts";

export const pendingCancellation = z
  .strictObject({ ...bulkSpan, since: bulkSpan.since.exactOptional() })
  .meta({ id: "PendingCancellation" });

type PendingCancellation = z.infer<typeof pendingCancellation>;

/** Ends what is pending to an endpoint, held or not. Throws NotFoundError for an endpoint of others. */
export async function cancelPending(ctx: Context, id: string, input: PendingCancellation): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:cancel");
  const { ratePerSecond } = input;
  const parameters = readSpan(ctx, input);
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await findEndpoint(ctx, tx, id);
    return await startBulkOperation(ctx, tx, { kind: "cancel", endpoint, parameters, ratePerSecond });
  });
}
