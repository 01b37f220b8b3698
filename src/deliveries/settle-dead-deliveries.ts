import type { Services } from "../platform/services.ts";
import { announceFailed } from "./announce-failed.ts";
import type { Tell } from "./hub-news.ts";
import { deadDeliveryQueue, deliveryQueue } from "./delivery-queue.ts";

const maxBatch = 100;

// One that waits for its next attempt was written down after all, by a process that was thought dead.
const failForsaken = {
  name: "fail_forsaken_deliveries",
  text: `UPDATE deliveries SET state = 'failed', last_outcome = 'abandoned', settled_at = $2
         WHERE id IN (SELECT id FROM deliveries
                      WHERE id = ANY ($1) AND state = 'pending' AND next_attempt_at IS NULL ORDER BY id FOR UPDATE)
         RETURNING id`,
};

/**
 * Fails deliveries whose job pg-boss gave up on, because process after process died with it, and says so. They stay redrivable; one that
 * has been redriven already has a new job, and is left alone. Answers how many jobs there were.
 */
export async function settleDeadDeliveries(services: Services, tell: Tell): Promise<number> {
  const { queue, db, clock, log } = services;
  const { dead, failed } = await db.transaction(async (tx) => {
    const jobs = await queue.takeDead(tx, deadDeliveryQueue, maxBatch);
    if (jobs.length === 0) return { dead: 0, failed: 0 };
    const carried = await queue.selectUnfinished(tx, jobs);
    const forsaken = jobs.map((job) => job.sourceId).filter((id) => !carried.has(id));
    const rows = await tx.query<{ id: string }>(failForsaken, [forsaken, new Date(clock.now())]);
    await announceFailed(
      tx,
      rows.map((row) => row.id),
      tell,
    );
    // pg-boss keeps it as failed for a week, and its id would keep out the job of the next attempt.
    await queue.remove(tx, deliveryQueue, forsaken);
    return { dead: jobs.length, failed: rows.length };
  });
  if (dead > 0) log.warn({ unit: "dead deliveries", dead, failed }, "the queue gave up on deliveries");
  return dead;
}
