import type { Services } from "../platform/services.ts";

const maxBatch = 5_000;

const deleteExpired = {
  text: `DELETE FROM event_keys WHERE hash IN (
           SELECT hash FROM event_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT ${maxBatch} FOR UPDATE SKIP LOCKED)
         RETURNING 1`,
};

/** Forgets dedupe keys whose window has passed, a batch at a time, so that no lock is held for long. */
export async function forgetExpiredKeys(services: Services): Promise<void> {
  const now = new Date(services.clock.now());
  for (;;) {
    const deleted = await services.db.query(deleteExpired, [now]);
    if (deleted.length < maxBatch) return;
  }
}
