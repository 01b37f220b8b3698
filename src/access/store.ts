import type { Selectable } from "kysely";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor } from "../platform/database.ts";
import type { ApiKeysTable, AuditLogTable } from "../platform/tables.ts";

/** A stored API key. Its role is text: who reads it asks whether it is one of ours. */
export type ApiKeyRow = Selectable<ApiKeysTable>;

/** An entry of the audit log. */
export type AuditRow = Selectable<AuditLogTable>;

/** What names a key: the hash of the text that was presented, or the uuid in a token. */
export type KeyName = { readonly hash: Buffer } | { readonly id: string };

/** Makes the project unless it is there. */
export async function insertProject(db: Executor, id: string, name: string, at: Date): Promise<void> {
  await db.kysely
    .insertInto("projects")
    .values({ id, name, created_at: at })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}

/** Holds the project's row until the transaction ends, so that only one at a time decides about its keys. */
export async function lockProject(tx: Executor, id: string): Promise<void> {
  await tx.kysely.selectFrom("projects").select("id").where("id", "=", id).forUpdate().execute();
}

export async function insertApiKey(tx: Executor, row: ApiKeyRow): Promise<void> {
  await tx.kysely.insertInto("api_keys").values(row).execute();
}

/** The key that this hash or uuid names, in whichever project. */
export async function selectApiKey(db: Executor, name: KeyName): Promise<ApiKeyRow | undefined> {
  const [row] =
    "hash" in name
      ? await db.query<ApiKeyRow>({ name: "key-by-hash", text: "SELECT * FROM api_keys WHERE hash = $1" }, [name.hash])
      : await db.query<ApiKeyRow>({ name: "key-by-id", text: "SELECT * FROM api_keys WHERE id = $1" }, [name.id]);
  return row;
}

export async function selectProjectApiKey(db: Executor, projectId: string, id: string): Promise<ApiKeyRow | undefined> {
  return await db.kysely
    .selectFrom("api_keys")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** One more than the page shows, if there is one. */
export async function selectApiKeys(db: Executor, projectId: string, page: PageRequest): Promise<ApiKeyRow[]> {
  let query = db.kysely.selectFrom("api_keys").selectAll().where("project_id", "=", projectId);
  if (page.cursor !== undefined) query = query.where("id", "<", page.cursor);
  return await query
    .orderBy("id", "desc")
    .limit(page.limit + 1)
    .execute();
}

/** The keys of the project's owners that are neither revoked nor, at this moment, expired. */
export async function selectLiveOwnerKeyIds(db: Executor, projectId: string, at: Date): Promise<string[]> {
  const rows = await db.kysely
    .selectFrom("api_keys")
    .select("id")
    .where("project_id", "=", projectId)
    .where("role", "=", "owner")
    .where("revoked_at", "is", null)
    .where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", at)]))
    .execute();
  return rows.map((row) => row.id);
}

export async function markApiKeyRevoked(tx: Executor, id: string, at: Date): Promise<void> {
  await tx.kysely.updateTable("api_keys").set({ revoked_at: at }).where("id", "=", id).execute();
}

/** One more than the page shows, if there is one. */
export async function selectAuditRows(db: Executor, projectId: string, page: PageRequest): Promise<AuditRow[]> {
  let query = db.kysely.selectFrom("audit_log").selectAll().where("project_id", "=", projectId);
  if (page.cursor !== undefined) query = query.where("id", "<", page.cursor);
  return await query
    .orderBy("id", "desc")
    .limit(page.limit + 1)
    .execute();
}
