import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { deliveryQueue } from "./delivery-queue.ts";

/** One message that goes to one endpoint. */
export interface NewDelivery {
  readonly projectId: string;
  readonly messageId: string;
  readonly endpointId: string;
}

const insertDeliveries = {
  name: "insert_deliveries",
  text: `INSERT INTO deliveries (id, project_id, message_id, endpoint_id, state, attempts, retries_spent, created_at)
         SELECT i.id, i.project_id, i.message_id, i.endpoint_id, 'pending', 0, 0, $5
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS i (id, project_id, message_id, endpoint_id)`,
};

/** Stores deliveries with their jobs in the transaction that stores their messages, and wakes the pumps after it. */
export async function createDeliveries(
  tx: Transaction,
  services: Services,
  deliveries: readonly NewDelivery[],
): Promise<string[]> {
  if (deliveries.length === 0) return [];
  const ids = deliveries.map(() => services.newId());
  const inserted = tx.query(insertDeliveries, [
    ids,
    deliveries.map((delivery) => delivery.projectId),
    deliveries.map((delivery) => delivery.messageId),
    deliveries.map((delivery) => delivery.endpointId),
    new Date(services.clock.now()),
  ]);
  const jobs = deliveries.map(({ endpointId }, index) => ({ id: ids[index] as string, group: { id: endpointId } }));
  const queued = services.queue.insert(tx, deliveryQueue, jobs);
  await allDone([inserted, queued, services.signals.emit(tx, "deliveries", ["due"])]);
  return ids;
}
