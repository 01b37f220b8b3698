import { cancelDeliveriesOf } from "../deliveries/cancel-deliveries-of.ts";
import { eraseAttempts } from "../deliveries/erase-attempts.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";

// Still a message, for whoever reads it, that says nothing.
const eraseStatement = {
  name: "erase_messages",
  text: `UPDATE messages
         SET payload = convert_to(json_build_object('type', type, 'timestamp', created_at, 'data', json_build_object())::text, 'UTF8'),
             erased_at = $2
         WHERE id IN (SELECT id FROM messages WHERE id = ANY ($1) AND erased_at IS NULL ORDER BY id FOR UPDATE)
         RETURNING id`,
};

/**
 * Takes what these messages say out of them and out of the attempts at their deliveries; those that are pending are canceled.
 * Answers how many messages were not erased before.
 */
export async function eraseMessages(tx: Transaction, services: Services, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const now = new Date(services.clock.now());
  // Deliveries are locked before their message, as by whoever sends one again.
  const deliveries = await cancelDeliveriesOf(tx, services, ids);
  const erased = await tx.query(eraseStatement, [ids, now]);
  await eraseAttempts(tx, deliveries, now);
  return erased.length;
}
