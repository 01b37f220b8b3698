import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { deliveryQueue } from "./delivery-queue.ts";

/** One delivery that is to be sent again. */
interface Redriven {
  readonly id: string;
  readonly endpoint_id: string;
}

const makePending = {
  name: "redrive_deliveries",
  text: `UPDATE deliveries SET state = 'pending', retries_spent = 0, settled_at = NULL, next_attempt_at = NULL, held = false,
                redriven_at = $2
         WHERE id = ANY ($1)`,
};

// Locked, so that neither retention nor an erasure takes a message away under what is about to send it.
const selectSendable = {
  name: "select_sendable_deliveries",
  text: `SELECT d.id FROM deliveries d JOIN messages m ON m.id = d.message_id
         WHERE d.id = ANY ($1) AND m.erased_at IS NULL ORDER BY m.id FOR SHARE OF m`,
};

/**
 * Makes deliveries that the caller has locked, settled or held, due now, with their whole schedule ahead. What settled
 * without its job may have left one behind that pg-boss has given up on, and would keep out the new one. Those of an erased
 * message stay as they are.
 */
export async function redriveDeliveries(
  tx: Transaction,
  services: Services,
  deliveries: readonly Redriven[],
): Promise<void> {
  if (deliveries.length === 0) return;
  const rows = await tx.query<{ id: string }>(selectSendable, [deliveries.map(({ id }) => id)]);
  if (rows.length === 0) return;
  const sendable = new Set(rows.map(({ id }) => id));
  const ids = [...sendable];
  await tx.query(makePending, [ids, new Date(services.clock.now())]);
  await services.queue.remove(tx, deliveryQueue, ids);
  await services.queue.insert(
    tx,
    deliveryQueue,
    deliveries.flatMap(({ id, endpoint_id }) => (sendable.has(id) ? [{ id, group: { id: endpoint_id } }] : [])),
  );
  await services.signals.emit(tx, "deliveries", ["due"]);
}
