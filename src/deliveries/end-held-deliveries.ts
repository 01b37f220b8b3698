import { firstIdAt } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";

const dayMs = 86_400_000;
const maxBatch = 1_000;

// By the endpoints that are off: what is held for others is about to be let go.
const endHeld = {
  name: "end_held_deliveries",
  text: `UPDATE deliveries SET state = 'canceled', held = false, last_outcome = 'endpoint_disabled', settled_at = $2
         WHERE id = ANY (ARRAY(
           SELECT old.id FROM endpoints e
           CROSS JOIN LATERAL (
             SELECT id FROM deliveries d
             WHERE d.endpoint_id = e.id AND d.held AND d.id < $1 ORDER BY d.id LIMIT ${maxBatch}
           ) AS old
           WHERE e.disabled LIMIT ${maxBatch}
         )) AND held
         RETURNING id`,
};

/** Ends deliveries that have been held for longer than `holdDays`. They can be sent again like others that were canceled. */
export async function endDeliveriesHeldTooLong({ db, clock, settings }: Services): Promise<void> {
  const now = clock.now();
  const before = firstIdAt(now - settings.deliveries.holdDays * dayMs);
  let ended: readonly unknown[];
  do ended = await db.query(endHeld, [before, new Date(now)]);
  while (ended.length === maxBatch);
}
