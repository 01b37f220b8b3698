import type { Executor, Transaction } from "../platform/database.ts";

/** An event that waits until its source goes on, as it is stored. */
export interface HeldEventRow {
  readonly id: string;
  readonly project_id: string;
  readonly source_id: string;
  readonly source_name: string;
  readonly provider: string;
  readonly type: string;
  readonly delivery_id: string;
  readonly received_at: Date;
  readonly headers: Record<string, string>;
  readonly content_type: string | null;
  readonly body: Buffer;
}

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

// Joined from the list, not `id = ANY`: so each id prunes to the one partition of its day.
const selectHeld = {
  name: "select_held_events",
  text: `SELECT e.id, e.project_id, e.source_id, s.name AS source_name, e.provider, e.type, e.delivery_id, e.received_at,
                e.headers, e.content_type, e.body
         FROM unnest($1::uuid[]) AS i (id) JOIN events e ON e.id = i.id JOIN sources s ON s.id = e.source_id
         ORDER BY e.id`,
};

export async function selectHeldEvents(db: Executor, ids: readonly string[]): Promise<HeldEventRow[]> {
  return await db.query<HeldEventRow>(selectHeld, [ids]);
}

const deleteHeld = {
  name: "delete_held_events",
  text: `DELETE FROM held_events WHERE source_id = $1 AND event_id = ANY ($2)`,
};

export async function deleteHeldEvents(tx: Transaction, sourceId: string, ids: readonly string[]): Promise<void> {
  await tx.query(deleteHeld, [sourceId, ids]);
}
