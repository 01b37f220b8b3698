import type { Services } from "../platform/services.ts";
import { deliveryQueue } from "./delivery-queue.ts";

const maxBatch = 500;

const takeDue = {
  name: "take_due_deliveries",
  text: `UPDATE deliveries SET next_attempt_at = NULL
         WHERE id IN (SELECT id FROM deliveries WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT ${maxBatch}
                      FOR UPDATE SKIP LOCKED)
         RETURNING id, endpoint_id`,
};

/** Gives a job to each delivery whose next attempt is due. Answers how many; call again while it is a full batch. */
export async function promoteDueDeliveries(services: Services): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const now = new Date(services.clock.now());
    const due = await tx.query<{ id: string; endpoint_id: string }>(takeDue, [now]);
    await services.queue.insert(
      tx,
      deliveryQueue,
      due.map((row) => ({ id: row.id, group: { id: row.endpoint_id } })),
    );
    if (due.length > 0) await services.signals.emit(tx, "deliveries", ["due"]);
    return due.length;
  });
}
