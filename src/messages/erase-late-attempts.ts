import { eraseAttempts } from "../deliveries/erase-attempts.ts";
import type { Services } from "../platform/services.ts";

const maxBatch = 500;
const firstId = "00000000-0000-0000-0000-000000000000";
// A call under way ends within minutes; maintenance comes once an hour.
const lookBackMs = 4 * 3_600_000;

const selectErased = {
  text: `SELECT id FROM messages WHERE erased_at > $1 AND id > $2 ORDER BY id LIMIT ${maxBatch}`,
};
const selectDeliveries = { text: "SELECT id, created_at FROM deliveries WHERE message_id = ANY ($1)" };

/** Erases what was answered to attempts that were under way when their message was erased, and were written down after it. */
export async function eraseLateAttempts({ db, clock }: Services): Promise<void> {
  const nowMs = clock.now();
  for (let after = firstId; ;) {
    const rows = await db.query<{ id: string }>(selectErased, [new Date(nowMs - lookBackMs), after]);
    const last = rows.at(-1);
    if (last === undefined) return;
    await db.transaction(async (tx) => {
      const ids = rows.map(({ id }) => id);
      const deliveries = await tx.query<{ id: string; created_at: Date }>(selectDeliveries, [ids]);
      await eraseAttempts(tx, deliveries, new Date(nowMs));
    });
    if (rows.length < maxBatch) return;
    after = last.id;
  }
}
