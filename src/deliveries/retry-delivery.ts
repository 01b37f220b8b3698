import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { deliveryQueue } from "./delivery-queue.ts";
import { type Delivery, presentDelivery } from "./delivery.ts";
import { isEndpointOn, selectDelivery, updateDeliveryRow } from "./store.ts";

/**
 * Makes a delivery due now, whatever its state: one that waits does not wait any longer, and a settled one is pending again
 * with its whole retry schedule ahead. Throws ConflictError `endpoint_disabled` while its endpoint is off or deleted.
 */
export async function retryDelivery(ctx: Context, id: string): Promise<Delivery> {
  authorise(ctx.actor, "deliveries:retry");
  const { projectId } = ctx.actor;
  return await ctx.db.transaction(async (tx) => {
    const delivery = await selectDelivery(tx, projectId, id, "update");
    if (delivery === undefined) throw new NotFoundError("There is no such delivery in this project");
    if (!(await isEndpointOn(tx, projectId, delivery.endpoint_id)))
      throw new ConflictError("endpoint_disabled", "The endpoint is disabled or deleted; enable it first");
    const isSettled = delivery.state !== "pending";
    const row = await updateDeliveryRow(tx, id, {
      next_attempt_at: null,
      ...(isSettled ? { state: "pending", retries_spent: 0, settled_at: null } : {}),
    });
    // What settled without its job may have left one behind that pg-boss has given up on, and would keep out the new one. A
    // delivery that is due already keeps its job, which may be in a pump's hands.
    if (isSettled || delivery.next_attempt_at !== null) await ctx.queue.remove(tx, deliveryQueue, [id]);
    await ctx.queue.insert(tx, deliveryQueue, [{ id, group: { id: delivery.endpoint_id } }]);
    const detail = { state: delivery.state };
    await recordAudit(ctx, tx, { action: "delivery.retry", target: toWireId("delivery", id), detail });
    await ctx.signals.emit(tx, "deliveries", ["due"]);
    return presentDelivery(row);
  });
}
