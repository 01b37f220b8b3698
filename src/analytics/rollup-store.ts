import type { Transaction } from "../platform/database.ts";
import type { RollupEntry } from "./rollup.ts";

/** A table that is counted by its ids. */
export type CountedTable = "events" | "messages" | "attempts";

const firstId = "00000000-0000-0000-0000-000000000000";

/**
 * How far a table has been counted, as an id; undefined when another process is counting it. The caller alone counts it
 * until its transaction ends.
 */
export async function lockRollupCursor(tx: Transaction, table: CountedTable): Promise<string | undefined> {
  await tx.query({ name: "ensure_rollup_cursor", text: ensureCursor }, [table, firstId]);
  const [row] = await tx.query<{ last_id: string }>({ name: "lock_rollup_cursor", text: lockCursor }, [table]);
  return row?.last_id;
}

/** How far a table has been counted, as a reader's snapshot has it. */
export async function selectRollupCursor(tx: Transaction, table: CountedTable): Promise<string> {
  const statement = {
    name: "select_rollup_cursor",
    text: "SELECT last_id FROM rollup_cursors WHERE source_table = $1",
  };
  const [row] = await tx.query<{ last_id: string }>(statement, [table]);
  return row?.last_id ?? firstId;
}

const ensureCursor = "INSERT INTO rollup_cursors (source_table, last_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const lockCursor = "SELECT last_id FROM rollup_cursors WHERE source_table = $1 FOR UPDATE SKIP LOCKED";

const addEntries = {
  name: "add_rollups",
  text: `INSERT INTO rollups (project_id, dimension, bucket, subject, measure, bin, value)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[], $5::text[], $6::smallint[], $7::float8[])
         ON CONFLICT (project_id, dimension, bucket, subject, measure, bin)
           DO UPDATE SET value = rollups.value + excluded.value`,
};

/** Adds numbers, and moves the cursor that the caller has locked, in one transaction: no row is counted twice or not at all. */
export async function addRollups(
  tx: Transaction,
  table: CountedTable,
  lastId: string,
  entries: readonly RollupEntry[],
): Promise<void> {
  if (entries.length > 0)
    await tx.query(addEntries, [
      entries.map((entry) => entry.projectId),
      entries.map((entry) => entry.dimension),
      entries.map((entry) => entry.bucket),
      entries.map((entry) => entry.subject),
      entries.map((entry) => entry.measure),
      entries.map((entry) => entry.bin),
      entries.map((entry) => entry.value),
    ]);
  const moveCursor = "UPDATE rollup_cursors SET last_id = $2 WHERE source_table = $1";
  await tx.query({ name: "move_rollup_cursor", text: moveCursor }, [table, lastId]);
}
