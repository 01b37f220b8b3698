import type { Transaction } from "../platform/database.ts";
import type { GrownDebounce, OpenDebounce } from "./debounce-fold.ts";
import { insertDebouncedEvents } from "./debounced-event-store.ts";
import type { Candidate } from "./pending-candidate.ts";

const selectOpen = {
  name: "select_open_debounces",
  text: `SELECT id, encode(key_hash, 'hex') AS key_hash, first_at, due_at, events
         FROM debounces WHERE route_id = $1 AND key_hash = ANY ($2)`,
};

interface OpenRow {
  readonly id: string;
  readonly key_hash: string;
  readonly first_at: Date;
  readonly due_at: Date;
  readonly events: number;
}

/** Those of a route's debounces that have these keys, by the key's hash in hex. */
export async function selectOpenDebounces(
  tx: Transaction,
  routeId: string,
  keyHashes: Iterable<string>,
): Promise<Map<string, OpenDebounce>> {
  const hashes = [...new Set(keyHashes)].map((keyHash) => Buffer.from(keyHash, "hex"));
  if (hashes.length === 0) return new Map();
  const rows = await tx.query<OpenRow>(selectOpen, [routeId, hashes]);
  return new Map(
    rows.map(({ id, key_hash: keyHash, first_at: firstAt, due_at: dueAt, events }) => [
      keyHash,
      { id, keyHash, firstMs: firstAt.getTime(), dueMs: dueAt.getTime(), events },
    ]),
  );
}

const upsertDebounces = {
  name: "upsert_debounces",
  text: `INSERT INTO debounces (route_id, key_hash, id, project_id, agent_id, first_at, due_at, events, bytes, latest_seq, latest)
         SELECT $1, key_hash, id, project_id, agent_id, first_at, due_at, events, bytes, latest_seq, latest
         FROM unnest($2::bytea[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::int[],
                     $9::int[], $10::bigint[], $11::json[])
           AS i (key_hash, id, project_id, agent_id, first_at, due_at, events, bytes, latest_seq, latest)
         ON CONFLICT (route_id, key_hash) DO UPDATE
           SET agent_id = excluded.agent_id, due_at = excluded.due_at, events = excluded.events, bytes = excluded.bytes,
               latest_seq = excluded.latest_seq, latest = excluded.latest`,
};

/** Stores debounces of a route that took in events, and these events with them. */
export async function storeGrownDebounces(
  tx: Transaction,
  routeId: string,
  grown: readonly GrownDebounce[],
): Promise<void> {
  if (grown.length === 0) return;
  const latest = grown.map((debounce) => JSON.stringify(debounce.latest.candidate));
  await tx.query(upsertDebounces, [
    routeId,
    grown.map((debounce) => Buffer.from(debounce.keyHash, "hex")),
    grown.map((debounce) => debounce.id),
    grown.map((debounce) => debounce.latest.projectId),
    grown.map((debounce) => debounce.latest.agentId),
    grown.map((debounce) => new Date(debounce.firstMs)),
    grown.map((debounce) => new Date(debounce.dueMs)),
    grown.map((debounce) => debounce.events),
    latest.map((text) => Buffer.byteLength(text)),
    grown.map((debounce) => debounce.latest.seq),
    latest,
  ]);
  await insertDebouncedEvents(tx, routeId, grown);
}

/** A debounce whose time is over. */
export interface DueDebounce {
  readonly id: string;
  readonly projectId: string;
  readonly agentId: string;
  readonly dueAt: Date;
  readonly events: number;
  readonly latestSeq: string;
  readonly latest: Candidate;
}

interface DueRow {
  readonly id: string;
  readonly project_id: string;
  readonly agent_id: string;
  readonly due_at: Date;
  readonly events: number;
  readonly latest_seq: string;
  readonly latest: Candidate;
}

// As many as fit into memory together, and one at least. What is due first is first.
const deleteDue = {
  name: "delete_due_debounces",
  text: `WITH due AS (
           SELECT key_hash, sum(bytes) OVER (ORDER BY due_at, key_hash) - bytes AS before
           FROM (SELECT key_hash, due_at, bytes FROM debounces WHERE route_id = $1 AND due_at <= $2
                 ORDER BY due_at, key_hash LIMIT $3) first
         ), gone AS (
           DELETE FROM debounces d USING due WHERE d.route_id = $1 AND d.key_hash = due.key_hash AND due.before <= $4
           RETURNING d.id, d.project_id, d.agent_id, d.events, d.latest_seq, d.latest, d.due_at, d.key_hash
         )
         SELECT id, project_id, agent_id, due_at, events, latest_seq, latest FROM gone ORDER BY due_at, key_hash`,
};

/** Takes the debounces of a route whose time is over by then out of the table: at most `limit`, and about `maxBytes`. */
export async function takeDueDebounces(
  tx: Transaction,
  routeId: string,
  by: Date,
  { limit, maxBytes }: { readonly limit: number; readonly maxBytes: number },
): Promise<DueDebounce[]> {
  const rows = await tx.query<DueRow>(deleteDue, [routeId, by, limit, maxBytes]);
  return rows.map((row) => ({
    id: row.id,
    projectId: row.project_id,
    agentId: row.agent_id,
    dueAt: row.due_at,
    events: row.events,
    latestSeq: row.latest_seq,
    latest: row.latest,
  }));
}

const deleteDebounce = {
  name: "delete_debounce",
  text: `DELETE FROM debounces WHERE id = $1 AND route_id = $2 RETURNING id`,
};

/** Takes one debounce out of the table; answers with whether it was there. */
export async function takeDebounce(tx: Transaction, routeId: string, id: string): Promise<boolean> {
  return (await tx.query(deleteDebounce, [id, routeId])).length > 0;
}

const closeDebounces = {
  text: `UPDATE debounces SET due_at = least(due_at, $2) WHERE route_id = $1`,
};

/** Has the route's lane end, at once, what the route collects: once the route is off, by dropping it. */
export async function endDebouncesOfRoute(tx: Transaction, routeId: string, now: Date): Promise<void> {
  await tx.query(closeDebounces, [routeId, now]);
}
