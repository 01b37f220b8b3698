import type { Transaction } from "../platform/database.ts";
import type { KeyKind } from "./task-keys.ts";

/**
 * Where a task stands in the line of a key. `away`: it does not ask for a place yet. `waiting`: it asks. `open`: it has the
 * place. `blocking`: it failed, and those behind it wait for it. `kept`: it has ended, and its key is not free yet.
 */
export type Standing = "away" | "waiting" | "open" | "blocking" | "kept";

/** A task's place in the line of a key. */
export interface Place {
  readonly taskId: string;
  readonly kind: KeyKind;
  readonly hash: Buffer;
  readonly standing: Standing;
  /** How many tasks may be open at once, for concurrency. */
  readonly capacity?: number | undefined;
  readonly expiresAt?: Date | undefined;
}

// A task that is done again stands where it stood, if it still does.
const upsertPlaces = {
  name: "upsert_task_keys",
  text: `INSERT INTO task_keys (task_id, kind, hash, standing, capacity, expires_at)
         SELECT i.task_id, i.kind, i.hash, i.standing, i.capacity, i.expires_at
         FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::int[], $6::timestamptz[]) WITH ORDINALITY
           AS i (task_id, kind, hash, standing, capacity, expires_at, turn)
         ORDER BY i.turn
         ON CONFLICT (task_id, kind) DO UPDATE SET standing = excluded.standing, superseded = false`,
};

/** Puts tasks into lines, one behind the other. */
export async function enterLines(tx: Transaction, places: readonly Place[]): Promise<void> {
  if (places.length === 0) return;
  await tx.query(upsertPlaces, [
    places.map((place) => place.taskId),
    places.map((place) => place.kind),
    places.map((place) => place.hash),
    places.map((place) => place.standing),
    places.map((place) => place.capacity ?? null),
    places.map((place) => place.expiresAt ?? null),
  ]);
}

// The first of each line whose own time has come, unless one is under way or a failed one stands before it.
const openTurnsStatement = {
  name: "open_turns",
  text: `WITH turns AS (
           SELECT head.task_id
           FROM unnest($1::bytea[]) AS i (hash)
           CROSS JOIN LATERAL (
             SELECT k.task_id, k.seq FROM task_keys k
             WHERE k.hash = i.hash AND k.standing = 'waiting' ORDER BY k.seq LIMIT 1
           ) head
           JOIN tasks t ON t.id = head.task_id
           WHERE t.start_after IS NULL
             AND NOT EXISTS (SELECT FROM task_dependencies d WHERE d.task_id = head.task_id)
             AND NOT EXISTS (SELECT FROM task_keys k WHERE k.hash = i.hash AND k.standing = 'open')
             AND NOT EXISTS (
               SELECT FROM task_keys k WHERE k.hash = i.hash AND k.standing = 'blocking' AND k.seq < head.seq
             )
         )
         UPDATE task_keys k SET standing = 'open' FROM turns WHERE k.task_id = turns.task_id AND k.kind = 'order'
         RETURNING k.task_id`,
};

/** Gives the turn to the first of each of these order lines, where it is free. Answers whose turn it is now. */
export async function openTurns(tx: Transaction, hashes: readonly Buffer[]): Promise<string[]> {
  if (hashes.length === 0) return [];
  const rows = await tx.query<{ task_id: string }>(openTurnsStatement, [hashes]);
  return rows.map((row) => row.task_id);
}

// Who waits for its time, its dependencies or its turn asks for no place meanwhile: it would keep it from others.
const askForPlacesStatement = {
  name: "ask_for_places",
  text: `UPDATE task_keys k SET standing = 'waiting', seq = DEFAULT
         FROM tasks t
         WHERE k.task_id = ANY ($1) AND k.kind = 'concurrency' AND k.standing = 'away' AND t.id = k.task_id
           AND t.start_after IS NULL
           AND NOT EXISTS (SELECT FROM task_dependencies d WHERE d.task_id = k.task_id)
           AND NOT EXISTS (
             SELECT FROM task_keys o WHERE o.task_id = k.task_id AND o.kind = 'order' AND o.standing = 'waiting'
           )
         RETURNING k.hash`,
};

/** Lets those of these tasks ask for a concurrent place that wait for nothing else. Answers with their lines. */
export async function askForPlaces(tx: Transaction, taskIds: readonly string[]): Promise<Buffer[]> {
  if (taskIds.length === 0) return [];
  const rows = await tx.query<{ hash: Buffer }>(askForPlacesStatement, [taskIds]);
  return rows.map((row) => row.hash);
}

// As many as there is room for, in their order; none overtakes one that does not fit. O(places), not O(waiting).
const openPlacesStatement = {
  name: "open_places",
  text: `WITH room AS (
           SELECT i.hash,
                  (SELECT count(*)::int FROM task_keys k WHERE k.hash = i.hash AND k.standing = 'open') AS open,
                  (SELECT k.capacity FROM task_keys k
                   WHERE k.hash = i.hash AND k.standing = 'waiting' AND NOT k.superseded ORDER BY k.seq LIMIT 1) AS capacity
           FROM unnest($1::bytea[]) AS i (hash)
         ), line AS (
           SELECT first.task_id,
                  bool_and(room.open + first.turn <= first.capacity)
                    OVER (PARTITION BY room.hash ORDER BY first.turn) AS fits
           FROM room
           CROSS JOIN LATERAL (
             SELECT w.task_id, w.capacity, row_number() OVER (ORDER BY w.seq) AS turn
             FROM (SELECT k.task_id, k.capacity, k.seq FROM task_keys k
                   WHERE k.hash = room.hash AND k.standing = 'waiting' AND NOT k.superseded
                   ORDER BY k.seq LIMIT greatest(0, coalesce(room.capacity, 0) - room.open)) w
           ) first
         )
         UPDATE task_keys k SET standing = 'open' FROM line
         WHERE line.fits AND k.task_id = line.task_id AND k.kind = 'concurrency'
         RETURNING k.task_id`,
};

/** Gives the free places of these concurrency lines to those who wait longest. Answers who has one now. */
export async function openPlaces(tx: Transaction, hashes: readonly Buffer[]): Promise<string[]> {
  if (hashes.length === 0) return [];
  const rows = await tx.query<{ task_id: string }>(openPlacesStatement, [hashes]);
  return rows.map((row) => row.task_id);
}

const supersedeStatement = {
  name: "supersede_tasks",
  text: `WITH old AS (
           SELECT o.task_id
           FROM unnest($1::bytea[], $2::int[]) AS i (hash, capacity)
           CROSS JOIN LATERAL (
             SELECT k.task_id FROM task_keys k WHERE k.hash = i.hash AND NOT k.superseded
             ORDER BY k.seq DESC OFFSET i.capacity
           ) o
         )
         UPDATE task_keys k SET superseded = true FROM old WHERE k.task_id = old.task_id AND k.kind = 'concurrency'
         RETURNING k.task_id`,
};

/** Marks all but the newest of each of these concurrency lines, by capacity, to be canceled. Answers how many there were. */
export async function supersede(
  tx: Transaction,
  lines: readonly { readonly hash: Buffer; readonly capacity: number }[],
): Promise<number> {
  if (lines.length === 0) return 0;
  const rows = await tx.query(supersedeStatement, [lines.map((line) => line.hash), lines.map((line) => line.capacity)]);
  return rows.length;
}
