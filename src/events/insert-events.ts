import type { Transaction } from "../platform/database.ts";

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
  /** 128 bits over source and delivery id, in hex. */
  readonly key: string;
  /** 128 bits over the body, in hex. */
  readonly bodyHash: string;
}

/** The event that holds a dedupe key. */
interface KeyHolder {
  readonly eventId: string;
  readonly bodyHash: string;
  /** Whether it has been stored just now. */
  readonly isNew: boolean;
}

// Keys and events in one statement of constant text, whatever the batch (over 65,535 parameters pg gives up). A key whose
// window has passed is taken over; any other holds, and its event is not stored. Rows come sorted by key: two batches
// that share keys must not lock them crosswise. The bodies travel as one value, since in an array pg would send them in hex.
/** How a statement begins that stores events whose key is free: `fresh` says which. Its values are `eventValues`. */
export const storeEvents = `
         input AS (
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                                $8::json[], $9::text[], $10::int[], $11::int[], $12::text[], $13::text[])
             AS i (id, project_id, source_id, provider, type, delivery_id, received_at, headers, content_type, body_start,
                   body_size, key, body_hash)
         ), fresh AS (
           INSERT INTO event_keys AS k (hash, event_id, body_hash, expires_at)
           SELECT decode(key, 'hex'), id, decode(body_hash, 'hex'), $15 FROM input
           ON CONFLICT (hash) DO UPDATE
             SET event_id = excluded.event_id, body_hash = excluded.body_hash, expires_at = excluded.expires_at
             WHERE k.expires_at <= $16
           RETURNING event_id
         ), stored AS (
           INSERT INTO events (id, project_id, source_id, provider, type, delivery_id, received_at, headers, content_type, body)
           SELECT id, project_id, source_id, provider, type, delivery_id, received_at, headers, content_type,
                  substring($14::bytea FROM body_start FOR body_size)
           FROM input WHERE id IN (SELECT event_id FROM fresh)
         )`;

const insertStatement = { name: "insert_events", text: `WITH ${storeEvents} SELECT event_id AS id FROM fresh` };

/** The sixteen values that `storeEvents` takes. */
export function eventValues(rows: readonly EventRow[], keysExpireAt: Date, now: Date): unknown[] {
  let end = 1;
  const starts = rows.map((row) => (end += row.body.length) - row.body.length);
  return [
    rows.map((row) => row.id),
    rows.map((row) => row.projectId),
    rows.map((row) => row.sourceId),
    rows.map((row) => row.provider),
    rows.map((row) => row.type),
    rows.map((row) => row.deliveryId),
    rows.map((row) => row.receivedAt),
    rows.map((row) => JSON.stringify(row.headers)),
    rows.map((row) => row.contentType ?? null),
    starts,
    rows.map((row) => row.body.length),
    rows.map((row) => row.key),
    rows.map((row) => row.bodyHash),
    Buffer.concat(rows.map((row) => row.body)),
    keysExpireAt,
    now,
  ];
}

// What the statement above passed over is locked by it, so that no process can forget it in between.
const selectHolders = {
  name: "select_event_keys",
  text: `SELECT encode(k.hash, 'hex') AS key, k.event_id, encode(k.body_hash, 'hex') AS body_hash
         FROM event_keys k WHERE k.hash = ANY ($1)`,
};

interface HolderRow {
  readonly key: string;
  readonly event_id: string;
  readonly body_hash: string;
}

/**
 * Stores those events whose dedupe key is free, and answers with the holder of each key: the event itself, or the one
 * that came first. `rows` must hold each key once and be sorted by it. A key holds until `keysExpireAt`.
 */
export async function insertEvents(
  tx: Transaction,
  rows: readonly EventRow[],
  keysExpireAt: Date,
  now: Date,
): Promise<Map<string, KeyHolder>> {
  const inserted = await tx.query<{ id: string }>(insertStatement, eventValues(rows, keysExpireAt, now));
  const stored = new Set(inserted.map((row) => row.id));
  const holders = new Map<string, KeyHolder>();
  const taken: Buffer[] = [];
  for (const { id, key, bodyHash } of rows)
    if (stored.has(id)) holders.set(key, { eventId: id, bodyHash, isNew: true });
    else taken.push(Buffer.from(key, "hex"));
  if (taken.length === 0) return holders;
  for (const holder of await tx.query<HolderRow>(selectHolders, [taken]))
    holders.set(holder.key, { eventId: holder.event_id, bodyHash: holder.body_hash, isNew: false });
  return holders;
}

// Joined from the list, not `id = ANY`: so each id prunes to the one partition of its day.
const flagConflicts = {
  name: "flag_event_conflicts",
  text: `UPDATE events e SET conflict = true FROM unnest($1::uuid[]) AS i (id) WHERE e.id = i.id AND NOT e.conflict`,
};

/** Flags events whose delivery id came again with another body. The ids come sorted, for they are locked in this order. */
export async function flagEventConflicts(tx: Transaction, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length > 0) await tx.query(flagConflicts, [eventIds]);
}
