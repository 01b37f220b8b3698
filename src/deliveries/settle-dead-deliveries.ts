import type { Services } from "../platform/services.ts";

const failForsaken = {
  name: "fail_forsaken_deliveries",
  text: `UPDATE deliveries SET state = 'failed', last_outcome = 'abandoned', settled_at = $2
         WHERE id = ANY ($1) AND state = 'pending' AND next_attempt_at IS NULL`,
};

/** Fails deliveries whose job pg-boss gave up on, because process after process died with it. They stay redrivable. */
export async function settleDeadDeliveries(services: Services, deliveryIds: readonly string[]): Promise<void> {
  await services.db.query(failForsaken, [deliveryIds, new Date(services.clock.now())]);
}
