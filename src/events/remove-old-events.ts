import type { Database, Transaction } from "../platform/database.ts";
import { type OldRows, walkOldRows } from "../platform/old-rows.ts";
import { selectPendingEvents } from "./pending-events-store.ts";

// The index of a project's events, read backwards.
const ofProject = `SELECT id FROM events WHERE project_id = $1 AND id > $2 AND id < $3 ORDER BY id NULLS FIRST LIMIT $4`;
// Whoever's they are: $1 is not looked at.
const withoutDay = `SELECT id FROM events_default WHERE $1::uuid IS NOT NULL AND id > $2 AND id < $3 ORDER BY id LIMIT $4`;

// Whoever replays one has it locked, and it is passed over. The range tells which days it is about.
const lockEvents = {
  text: "SELECT id FROM events WHERE id = ANY ($1) AND id >= $2 AND id <= $3 FOR UPDATE SKIP LOCKED",
};

const deleteEvents = {
  text: `WITH decisions AS (
           DELETE FROM event_decisions WHERE event_id = ANY ($1) AND event_id >= $2 AND event_id <= $3
         ), misses AS (
           DELETE FROM event_misses WHERE event_id = ANY ($1) AND event_id >= $2 AND event_id <= $3
         ), replays AS (
           DELETE FROM event_replays WHERE event_id = ANY ($1) AND event_id >= $2 AND event_id <= $3
         )
         DELETE FROM events WHERE id = ANY ($1) AND id >= $2 AND id <= $3`,
};

async function removeSettled(tx: Transaction, ids: readonly string[]): Promise<number> {
  const range = [ids[0], ids.at(-1)];
  const locked = (await tx.query<{ id: string }>(lockEvents, [ids, ...range])).map(({ id }) => id);
  // A statement after the lock, so that it sees what was committed before that was had.
  const pending = await selectPendingEvents(tx, locked);
  const settled = locked.filter((id) => !pending.has(id));
  if (settled.length > 0) await tx.query(deleteEvents, [settled, ...range]);
  return settled.length;
}

/** Removes a project's old events of which nothing is still to come, with what was decided of them. */
export async function removeOldEvents(db: Database, old: OldRows): Promise<number> {
  return await walkOldRows(db, old, { text: ofProject }, removeSettled);
}

/** The same for the events of all projects that have no day's partition, and so cannot go with one. */
export async function removeOldEventsWithoutDay(db: Database, before: Date): Promise<number> {
  const anyProject = "00000000-0000-0000-0000-000000000000";
  return await walkOldRows(db, { projectId: anyProject, before }, { text: withoutDay }, removeSettled);
}
