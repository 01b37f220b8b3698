import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import {
  cancelPendingDeliveries,
  deleteEndpointRows,
  lockEndpointsOf,
  selectSubscriber,
  updateSubscriberRow,
} from "./store.ts";

/**
 * Deletes a subscriber with its endpoints and cancels what they still had to receive. When it was the default one, the next
 * endpoint without a subscriber makes a new one. Throws NotFoundError when the project has no such subscriber.
 */
export async function deleteSubscriber(ctx: Context, id: string): Promise<void> {
  authorise(ctx.actor, "subscribers:write");
  const now = new Date(ctx.clock.now());
  await ctx.db.transaction(async (tx) => {
    const subscriber = await selectSubscriber(tx, ctx.actor, { id }, "update");
    if (subscriber === undefined) throw new NotFoundError("There is no such subscriber in this project");
    await updateSubscriberRow(tx, id, { deleted_at: now, is_default: false });
    const endpointIds = await lockEndpointsOf(tx, id);
    await deleteEndpointRows(tx, endpointIds, now);
    await cancelPendingDeliveries(tx, endpointIds, now);
    const target = toWireId("subscriber", id);
    const detail = {
      name: subscriber.name,
      endpoints: endpointIds.map((endpointId) => toWireId("endpoint", endpointId)),
    };
    await recordAudit(ctx, tx, { action: "subscriber.delete", target, detail });
    await ctx.signals.emit(tx, "endpoints", endpointIds);
  });
}
