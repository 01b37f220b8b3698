import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import type { NewDelivery } from "./create-deliveries.ts";

const insertHeld = {
  name: "insert_held_deliveries",
  text: `INSERT INTO deliveries (id, project_id, message_id, endpoint_id, state, attempts, retries_spent, created_at, held)
         SELECT i.id, i.project_id, i.message_id, i.endpoint_id, 'pending', 0, 0, $5, true
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS i (id, project_id, message_id, endpoint_id)`,
};

/** Stores deliveries to endpoints that are off: pending without a job, until their endpoint is on again or deleted. */
export async function holdDeliveries(
  tx: Transaction,
  services: Services,
  deliveries: readonly NewDelivery[],
): Promise<void> {
  if (deliveries.length === 0) return;
  await tx.query(insertHeld, [
    deliveries.map(() => services.newId()),
    deliveries.map((delivery) => delivery.projectId),
    deliveries.map((delivery) => delivery.messageId),
    deliveries.map((delivery) => delivery.endpointId),
    new Date(services.clock.now()),
  ]);
}
