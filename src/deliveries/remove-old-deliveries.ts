import { firstIdAt } from "../lib/ids.ts";
import type { Database, Transaction } from "../platform/database.ts";
import { type OldRows, walkOldRows } from "../platform/old-rows.ts";

// Those that have ended: what is pending, or held for an endpoint that is off, is not looked at.
const settledStates = ["succeeded", "failed", "canceled"] as const;

// The index of a project's deliveries by state, read backwards.
const selectOld = `SELECT id FROM deliveries WHERE project_id = $1 AND state = $5 AND id > $2 AND id < $3
                   ORDER BY id NULLS FIRST LIMIT $4`;

// Whoever sends one again has it locked, and it is passed over: nobody waits for anybody.
const lockSettled = {
  name: "lock_old_deliveries",
  text: `SELECT id, created_at, settled_at FROM deliveries
         WHERE id = ANY ($1) AND state <> 'pending' AND settled_at < $2 FOR UPDATE SKIP LOCKED`,
};

const deleteDeliveries = { name: "delete_old_deliveries", text: "DELETE FROM deliveries WHERE id = ANY ($1)" };

// Unnamed, so that it is planned for its very days.
const deleteAttempts = { text: "DELETE FROM attempts WHERE delivery_id = ANY ($1) AND id >= $2 AND id < $3" };

// Clocks differ, and an attempt that was under way when its delivery was canceled is written down after that.
const slackMs = 3_600_000;

async function removeSettled(tx: Transaction, ids: readonly string[], before: Date): Promise<number> {
  const rows = await tx.query<{ id: string; created_at: Date; settled_at: Date }>(lockSettled, [ids, before]);
  if (rows.length === 0) return 0;
  const gone = rows.map(({ id }) => id);
  const fromMs = Math.min(...rows.map((row) => row.created_at.getTime())) - slackMs;
  const toMs = Math.max(...rows.map((row) => row.settled_at.getTime())) + slackMs;
  await tx.query(deleteDeliveries, [gone]);
  await tx.query(deleteAttempts, [gone, firstIdAt(fromMs), firstIdAt(toMs)]);
  return gone.length;
}

/** Removes a project's deliveries that settled long enough ago, with their attempts. */
export async function removeOldDeliveries(db: Database, old: OldRows): Promise<number> {
  let removed = 0;
  for (const state of settledStates)
    removed += await walkOldRows(db, old, { text: selectOld, values: [state] }, (tx, ids) =>
      removeSettled(tx, ids, old.before),
    );
  return removed;
}
