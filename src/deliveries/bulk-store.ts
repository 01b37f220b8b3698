import type { Insertable, Selectable, Updateable } from "kysely";
import type { Scope } from "../access/actor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import { newestFirst } from "../platform/newest-first.ts";
import type { BulkOperationsTable } from "../platform/tables.ts";

/** A bulk operation as it is stored. */
export type BulkRow = Selectable<BulkOperationsTable>;

export async function insertBulk(tx: Transaction, row: Insertable<BulkOperationsTable>): Promise<BulkRow> {
  return await tx.kysely.insertInto("bulk_operations").values(row).returningAll().executeTakeFirstOrThrow();
}

/** A bulk operation within the scope. `lock` keeps it as it is until the transaction ends. */
export async function selectBulk(
  db: Executor,
  { projectId, subscriberId }: Scope,
  id: string,
  lock?: "update",
): Promise<BulkRow | undefined> {
  return await db.kysely
    .selectFrom("bulk_operations")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .$if(subscriberId !== undefined, (query) => query.where("subscriber_id", "=", subscriberId as string))
    .$if(lock === "update", (query) => query.forUpdate())
    .executeTakeFirst();
}

/** A page of the bulk operations within a scope, newest first, and one row more when there is a next page. */
export async function selectBulks(
  db: Executor,
  { projectId, subscriberId }: Scope,
  { limit, cursor }: PageRequest,
): Promise<BulkRow[]> {
  return await db.kysely
    .selectFrom("bulk_operations")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(subscriberId !== undefined, (query) => query.where("subscriber_id", "=", subscriberId as string))
    .$if(cursor !== undefined, (query) => query.where("id", "<", cursor as string))
    .orderBy("id", newestFirst)
    .limit(limit + 1)
    .execute();
}

/** Whether a bulk operation of the project is under way. */
export async function isBulkRunning(db: Executor, projectId: string): Promise<boolean> {
  const query = db.kysely.selectFrom("bulk_operations").select("id").where("state", "=", "running");
  return (await query.where("project_id", "=", projectId).limit(1).executeTakeFirst()) !== undefined;
}

/** The bulk operation that is due longest, locked: another process passes it over. */
export async function lockDueBulk(tx: Transaction, now: Date): Promise<BulkRow | undefined> {
  return await tx.kysely
    .selectFrom("bulk_operations")
    .selectAll()
    .where("state", "=", "running")
    .where("due_at", "<=", now)
    .orderBy("due_at")
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

/** Changes a bulk operation that the caller has locked. */
export async function updateBulk(
  tx: Transaction,
  id: string,
  changes: Updateable<BulkOperationsTable>,
): Promise<BulkRow> {
  return await tx.kysely
    .updateTable("bulk_operations")
    .set(changes)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
