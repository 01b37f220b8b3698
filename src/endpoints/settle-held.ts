import type { Context } from "../access/context.ts";
import { startBulkOperation } from "../deliveries/start-bulk-operation.ts";
import type { Transaction } from "../platform/database.ts";
import { type EndpointRow, hasHeldDeliveries } from "./store.ts";

/**
 * Begins anew with an endpoint that is on again: its health is that of a new one, and what was held for it while it was off
 * is sent, or ends, in the background. Its row is locked by the caller.
 */
export async function settleHeld(
  ctx: Context,
  tx: Transaction,
  endpoint: EndpointRow,
  deliver: boolean,
): Promise<void> {
  await tx.kysely.deleteFrom("endpoint_health").where("endpoint_id", "=", endpoint.id).execute();
  if (!(await hasHeldDeliveries(tx, endpoint.id))) return;
  await startBulkOperation(ctx, tx, { kind: deliver ? "release" : "discard", endpoint, parameters: {} });
}
