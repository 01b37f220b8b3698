import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { deliveryQueue } from "./delivery-queue.ts";
import { type Delivery, presentDelivery } from "./delivery.ts";
import { selectDelivery, updateDeliveryRow } from "./store.ts";

/**
 * Ends a pending delivery. An attempt that is under way is not broken off, but nothing follows it. Throws ConflictError
 * `delivery_settled` for a delivery that is not pending.
 */
export async function cancelDelivery(ctx: Context, id: string): Promise<Delivery> {
  authorise(ctx.actor, "deliveries:cancel");
  return await ctx.db.transaction(async (tx) => {
    const delivery = await selectDelivery(tx, ctx.actor, id, "update");
    if (delivery === undefined) throw new NotFoundError("There is no such delivery in this project");
    if (delivery.state !== "pending")
      throw new ConflictError("delivery_settled", `The delivery is ${delivery.state} already`);
    const row = await updateDeliveryRow(tx, id, {
      state: "canceled",
      next_attempt_at: null,
      settled_at: new Date(ctx.clock.now()),
      held: false,
    });
    await ctx.queue.remove(tx, deliveryQueue, [id]);
    await recordAudit(ctx, tx, { action: "delivery.cancel", target: toWireId("delivery", id) });
    return presentDelivery(row);
  });
}
