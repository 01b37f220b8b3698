import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { deliveryQueue } from "./delivery-queue.ts";

/** A delivery of one of the messages. */
interface DeliveryOf {
  readonly id: string;
  readonly created_at: Date;
}

const lockDeliveries = {
  name: "lock_deliveries_of_messages",
  text: "SELECT id, created_at FROM deliveries WHERE message_id = ANY ($1) ORDER BY id FOR UPDATE",
};

const cancelPending = {
  name: "cancel_deliveries_of_messages",
  text: `UPDATE deliveries SET state = 'canceled', held = false, next_attempt_at = NULL, settled_at = $2,
                last_outcome = 'message_erased'
         WHERE id = ANY ($1) AND state = 'pending' RETURNING id`,
};

/** Ends the pending deliveries of these messages, since what they say was erased; answers with all of them, locked. */
export async function cancelDeliveriesOf(
  tx: Transaction,
  { clock, queue }: Services,
  messageIds: readonly string[],
): Promise<readonly DeliveryOf[]> {
  const deliveries = await tx.query<DeliveryOf>(lockDeliveries, [messageIds]);
  if (deliveries.length === 0) return deliveries;
  const ids = deliveries.map(({ id }) => id);
  const canceled = await tx.query<{ id: string }>(cancelPending, [ids, new Date(clock.now())]);
  await queue.remove(
    tx,
    deliveryQueue,
    canceled.map(({ id }) => id),
  );
  return deliveries;
}
