import { hash } from "node:crypto";
import type { Executor, Transaction } from "../../platform/database.ts";

/** An event that counts against the rate of its route, or of its key on the route. */
export interface RatedEvent {
  readonly routeId: string;
  /** Absent: the route as a whole. */
  readonly key: string | undefined;
  readonly count: number;
  readonly perSeconds: number;
  /** When it came, in milliseconds since the epoch: events that had to wait for their decision did not come faster for it. */
  readonly atMs: number;
}

interface Window {
  readonly routeId: string;
  readonly keyHash: string;
  endsAt: number;
  count: number;
}

interface WindowRow {
  readonly route_id: string;
  readonly key_hash: string;
  readonly ends_at: Date;
  readonly count: number;
}

// 128 bits, in hex.
const digestLength = 32;

// Made, or locked as it is, in one statement and in one order: two processes must not lock rows crosswise.
const lockWindows = {
  name: "lock_rate_windows",
  text: `INSERT INTO rate_windows AS w (route_id, key_hash, ends_at, count)
         SELECT route_id, decode(key_hash, 'hex'), 'epoch', 0 FROM unnest($1::uuid[], $2::text[]) AS i (route_id, key_hash)
         ORDER BY route_id, key_hash
         ON CONFLICT (route_id, key_hash) DO UPDATE SET count = w.count
         RETURNING route_id, encode(key_hash, 'hex') AS key_hash, ends_at, count`,
};

const readWindows = {
  name: "read_rate_windows",
  text: `SELECT w.route_id, i.key_hash, w.ends_at, w.count
         FROM unnest($1::uuid[], $2::text[]) AS i (route_id, key_hash)
         JOIN rate_windows w ON w.route_id = i.route_id AND w.key_hash = decode(i.key_hash, 'hex')`,
};

const saveWindows = {
  name: "save_rate_windows",
  text: `UPDATE rate_windows w SET ends_at = i.ends_at, count = i.count
         FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[]) AS i (route_id, key_hash, ends_at, count)
         WHERE w.route_id = i.route_id AND w.key_hash = decode(i.key_hash, 'hex')`,
};

function nameOf(routeId: string, keyHash: string): string {
  return `${routeId} ${keyHash}`;
}

async function open(
  db: Executor,
  statement: { readonly name: string; readonly text: string },
  events: readonly RatedEvent[],
): Promise<{ readonly windows: Map<string, Window>; readonly windowOf: (event: RatedEvent) => Window }> {
  const hashes = new Map(events.map(({ key = "" }) => [key, hash("sha256", key).slice(0, digestLength)]));
  const windows = new Map<string, Window>();
  for (const { routeId, key = "" } of events) {
    const keyHash = hashes.get(key) as string;
    windows.set(nameOf(routeId, keyHash), { routeId, keyHash, endsAt: 0, count: 0 });
  }
  const wanted = [...windows.values()];
  const rows = await db.query<WindowRow>(statement, [
    wanted.map((window) => window.routeId),
    wanted.map((window) => window.keyHash),
  ]);
  for (const row of rows) {
    const window = windows.get(nameOf(row.route_id, row.key_hash));
    if (window !== undefined) Object.assign(window, { endsAt: row.ends_at.getTime(), count: row.count });
  }
  const windowOf = ({ routeId, key = "" }: RatedEvent): Window =>
    windows.get(nameOf(routeId, hashes.get(key) as string)) as Window;
  return { windows, windowOf };
}

// A window begins with its first event, not with the clock: so many events are let through from then on, whenever it is.
function take(window: Window, { count, perSeconds, atMs }: RatedEvent): number | undefined {
  if (atMs >= window.endsAt) Object.assign(window, { endsAt: atMs + perSeconds * 1000, count: 0 });
  if (window.count >= count) return window.endsAt;
  window.count += 1;
  return undefined;
}

/**
 * Counts events, in the order given. Answers with undefined for one that is within its rate; else with when there is room
 * again, in milliseconds since the epoch, and it is not counted. Exact, whatever other processes do.
 */
export async function countRates(tx: Transaction, events: readonly RatedEvent[]): Promise<(number | undefined)[]> {
  if (events.length === 0) return [];
  const { windows, windowOf } = await open(tx, lockWindows, events);
  const answers = events.map((event) => take(windowOf(event), event));
  const used = [...windows.values()];
  await tx.query(saveWindows, [
    used.map((window) => window.routeId),
    used.map((window) => window.keyHash),
    used.map((window) => new Date(window.endsAt)),
    used.map((window) => window.count),
  ]);
  return answers;
}

/** What `countRates` would answer. Nothing is locked and nothing written. */
export async function wouldExceedRates(db: Executor, events: readonly RatedEvent[]): Promise<(number | undefined)[]> {
  if (events.length === 0) return [];
  const { windowOf } = await open(db, readWindows, events);
  return events.map((event) => take(windowOf(event), event));
}

const deleteEnded = {
  name: "delete_ended_rate_windows",
  text: "DELETE FROM rate_windows WHERE ends_at <= $1",
};

/** Forgets windows that are over: a key that never comes again would stay for ever. */
export async function forgetEndedRates(db: Executor, nowMs: number): Promise<void> {
  await db.query(deleteEnded, [new Date(nowMs)]);
}
