import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, GoneError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { deliveryQueue } from "./delivery-queue.ts";
import { type Delivery, presentDelivery } from "./delivery.ts";
import { redriveDeliveries } from "./redrive-deliveries.ts";
import { type DeliveryRow, isEndpointOn, isMessageErased, selectDelivery, updateDeliveryRow } from "./store.ts";

async function makeDue(ctx: Context, tx: Transaction, delivery: DeliveryRow): Promise<DeliveryRow> {
  const { id } = delivery;
  if (delivery.state !== "pending" || delivery.held) {
    await redriveDeliveries(tx, ctx, [delivery]);
    return { ...delivery, state: "pending", settled_at: null, next_attempt_at: null, held: false };
  }
  const row = await updateDeliveryRow(tx, id, { next_attempt_at: null });
  // One that is due already keeps its job, which may be in a pump's hands.
  if (delivery.next_attempt_at !== null) await ctx.queue.remove(tx, deliveryQueue, [id]);
  await ctx.queue.insert(tx, deliveryQueue, [{ id, group: { id: delivery.endpoint_id } }]);
  await ctx.signals.emit(tx, "deliveries", ["due"]);
  return row;
}

/**
 * Makes a delivery due now, whatever its state: one that waits does not wait any longer, and a settled one is pending again
 * with its whole retry schedule ahead. Throws ConflictError `endpoint_disabled` while its endpoint is off or deleted, GoneError
 * `message_erased` when there is nothing to send any more.
 */
export async function retryDelivery(ctx: Context, id: string): Promise<Delivery> {
  authorise(ctx.actor, "deliveries:retry");
  const { projectId } = ctx.actor;
  return await ctx.db.transaction(async (tx) => {
    const delivery = await selectDelivery(tx, ctx.actor, id, "update");
    if (delivery === undefined) throw new NotFoundError("There is no such delivery in this project");
    if (!(await isEndpointOn(tx, projectId, delivery.endpoint_id)))
      throw new ConflictError("endpoint_disabled", "The endpoint is disabled or deleted; enable it first");
    if (await isMessageErased(tx, delivery.message_id))
      throw new GoneError("message_erased", "What this message said was erased: there is nothing to send");
    const row = await makeDue(ctx, tx, delivery);
    const detail = { state: delivery.state };
    await recordAudit(ctx, tx, { action: "delivery.retry", target: toWireId("delivery", id), detail });
    return presentDelivery(row);
  });
}
