import type { Selectable } from "kysely";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { SourceRejectionsTable } from "../platform/tables.ts";

/** A refused request as it is stored. */
export type RejectionRow = Selectable<SourceRejectionsTable>;

const insertRows = {
  name: "insert_rejections",
  text: `INSERT INTO source_rejections (source_id, id, reason, status, method, address, header_names, body_size, body_sha256,
                                        rejected_at)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::text[], $7::json[], $8::int[],
                              $9::bytea[], $10::timestamptz[])`,
};

export async function insertRejections(tx: Transaction, rows: readonly RejectionRow[]): Promise<void> {
  await tx.query(insertRows, [
    rows.map((row) => row.source_id),
    rows.map((row) => row.id),
    rows.map((row) => row.reason),
    rows.map((row) => row.status),
    rows.map((row) => row.method),
    rows.map((row) => row.address),
    rows.map((row) => JSON.stringify(row.header_names)),
    rows.map((row) => row.body_size),
    rows.map((row) => row.body_sha256),
    rows.map((row) => row.rejected_at),
  ]);
}

// Those that another process is deleting are skipped: waiting for each other, the two could wait for ever.
const deleteBeyond = {
  name: "prune_rejections",
  text: `DELETE FROM source_rejections d
         USING (SELECT r.source_id, r.id FROM unnest($1::uuid[]) AS s (id) JOIN source_rejections r ON r.source_id = s.id
                WHERE r.id < (SELECT k.id FROM source_rejections k WHERE k.source_id = s.id
                              ORDER BY k.id DESC OFFSET $2 - 1 LIMIT 1)
                FOR UPDATE OF r SKIP LOCKED) AS old
         WHERE d.source_id = old.source_id AND d.id = old.id`,
};

/** Forgets all but the newest `kept` rejections of each of these sources. */
export async function pruneRejections(tx: Transaction, sourceIds: readonly string[], kept: number): Promise<void> {
  await tx.query(deleteBeyond, [sourceIds, kept]);
}

/** A page of a source's rejections, newest first, and one row more when there is a next page. */
export async function selectRejections(
  db: Executor,
  sourceId: string,
  { limit, cursor }: PageRequest,
): Promise<RejectionRow[]> {
  return await db.kysely
    .selectFrom("source_rejections")
    .selectAll()
    .where("source_id", "=", sourceId)
    .$if(cursor !== undefined, (query) => query.where("id", "<", cursor as string))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}
