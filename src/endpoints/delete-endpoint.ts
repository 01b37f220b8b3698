import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import { holdEndpoint } from "./hold-endpoint.ts";
import { cancelPendingDeliveries, deleteEndpointRows } from "./store.ts";

/**
 * Deletes an endpoint, forgets its secrets and cancels what it still had to receive; what was delivered stays readable.
 * Throws NotFoundError when the project has no such endpoint.
 */
export async function deleteEndpoint(ctx: Context, id: string): Promise<void> {
  authorise(ctx.actor, "endpoints:write");
  const now = new Date(ctx.clock.now());
  await ctx.db.transaction(async (tx) => {
    await holdEndpoint(ctx, tx, id);
    await deleteEndpointRows(tx, [id], now);
    // Their jobs stay: the pump drops a job when it finds its delivery canceled.
    await cancelPendingDeliveries(tx, [id], now);
    const target = toWireId("endpoint", id);
    await recordAudit(ctx, tx, { action: "endpoint.delete", target });
    await ctx.signals.emit(tx, "endpoints", [id]);
  });
}
