import type { Executor, Transaction } from "../platform/database.ts";

const insertHeld = {
  name: "insert_held_events",
  text: `INSERT INTO held_events (source_id, event_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])`,
};

/** Marks stored events as not routed yet. */
export async function insertHeldEvents(
  tx: Transaction,
  events: readonly { readonly id: string; readonly sourceId: string }[],
): Promise<void> {
  if (events.length === 0) return;
  await tx.query(insertHeld, [events.map((event) => event.sourceId), events.map((event) => event.id)]);
}

// By id, which is the order in which they came. The size of a body is known without reading it; no size: retention took it.
const selectFirstHeld = {
  name: "select_first_held_events",
  text: `SELECT h.event_id AS id, octet_length(e.body) AS bytes
         FROM held_events h LEFT JOIN events e ON e.id = h.event_id
         WHERE h.source_id = $1 ORDER BY h.event_id LIMIT $2`,
};

/** The first events that wait for this source, in the order in which they came. */
export async function selectHeldEventSizes(
  db: Executor,
  sourceId: string,
  limit: number,
): Promise<{ readonly id: string; readonly bytes: number | null }[]> {
  return await db.query(selectFirstHeld, [sourceId, limit]);
}

const deleteHeld = {
  name: "delete_held_events",
  text: `DELETE FROM held_events WHERE source_id = $1 AND event_id = ANY ($2)`,
};

export async function deleteHeldEvents(tx: Transaction, sourceId: string, ids: readonly string[]): Promise<void> {
  await tx.query(deleteHeld, [sourceId, ids]);
}
