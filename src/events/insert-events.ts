import type { Executor } from "../platform/database.ts";

/** An event about to be stored, with its dedupe key. */
export interface EventRow {
  readonly id: string;
  readonly projectId: string;
  readonly sourceId: string;
  readonly provider: string;
  readonly type: string;
  readonly deliveryId: string;
  readonly receivedAt: Date;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  /** 128 bits over source and delivery id. */
  readonly key: Buffer;
  /** 128 bits over the body. */
  readonly bodyHash: Buffer;
}

// Keys and events in one statement of constant text, whatever the batch (over 65,535 parameters pg gives up). A key whose
// window has passed is taken over; any other holds, and its event is not stored. Rows come sorted by key: two batches
// that share keys must not lock them crosswise.
const insertStatement = {
  name: "insert_events",
  text: `WITH input AS (
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                                $8::json[], $9::text[], $10::bytea[], $11::bytea[], $12::bytea[])
             AS i (id, project_id, source_id, provider, type, delivery_id, received_at, headers, content_type, body, key,
                   body_hash)
         ), fresh AS (
           INSERT INTO event_keys AS k (hash, event_id, body_hash, expires_at)
           SELECT key, id, body_hash, $13 FROM input
           ON CONFLICT (hash) DO UPDATE
             SET event_id = excluded.event_id, body_hash = excluded.body_hash, expires_at = excluded.expires_at
             WHERE k.expires_at <= $14
           RETURNING event_id
         )
         INSERT INTO events (id, project_id, source_id, provider, type, delivery_id, received_at, headers, content_type, body)
         SELECT id, project_id, source_id, provider, type, delivery_id, received_at, headers, content_type, body
         FROM input WHERE id IN (SELECT event_id FROM fresh)
         RETURNING id`,
};

/**
 * Stores those events whose dedupe key is free, and answers with their ids. `rows` must hold each key once and be sorted
 * by it. A key holds until `keysExpireAt`.
 */
export async function insertEvents(
  db: Executor,
  rows: readonly EventRow[],
  keysExpireAt: Date,
  now: Date,
): Promise<Set<string>> {
  const inserted = await db.query<{ id: string }>(insertStatement, [
    rows.map((row) => row.id),
    rows.map((row) => row.projectId),
    rows.map((row) => row.sourceId),
    rows.map((row) => row.provider),
    rows.map((row) => row.type),
    rows.map((row) => row.deliveryId),
    rows.map((row) => row.receivedAt),
    rows.map((row) => JSON.stringify(row.headers)),
    rows.map((row) => row.contentType ?? null),
    rows.map((row) => row.body),
    rows.map((row) => row.key),
    rows.map((row) => row.bodyHash),
    keysExpireAt,
    now,
  ]);
  return new Set(inserted.map((row) => row.id));
}

/** Who holds a dedupe key. */
export interface KeyHolder {
  readonly hash: Buffer;
  readonly event_id: string;
  readonly body_hash: Buffer;
}

const selectHolders = {
  name: "select_event_keys",
  text: "SELECT hash, event_id, body_hash FROM event_keys WHERE hash = ANY ($1)",
};

/** The events that hold these keys. */
export async function selectKeyHolders(db: Executor, keys: readonly Buffer[]): Promise<KeyHolder[]> {
  return await db.query<KeyHolder>(selectHolders, [keys]);
}

const flagConflicts = {
  name: "flag_event_conflicts",
  text: "UPDATE events SET conflict = true WHERE id = ANY ($1) AND NOT conflict",
};

/** Flags events whose delivery id came again with another body. */
export async function flagEventConflicts(db: Executor, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length > 0) await db.query(flagConflicts, [eventIds]);
}
