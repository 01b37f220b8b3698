import type { Insertable, Selectable, Updateable } from "kysely";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { SourcesTable, SourceSecretsTable } from "../platform/tables.ts";

/** A source as it is stored. */
export type SourceRow = Selectable<SourcesTable>;

/** One sealed secret of a source. */
export type SourceSecretRow = Selectable<SourceSecretsTable>;

export async function insertSource(tx: Transaction, source: Insertable<SourcesTable>): Promise<SourceRow> {
  return await tx.kysely.insertInto("sources").values(source).returningAll().executeTakeFirstOrThrow();
}

/** A source of the project; deleted ones are not found. `lock` keeps it as it is until the transaction ends. */
export async function selectSource(
  db: Executor,
  projectId: string,
  id: string,
  lock?: "update" | "share",
): Promise<SourceRow | undefined> {
  return await db.kysely
    .selectFrom("sources")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .$if(lock === "update", (query) => query.forUpdate())
    .$if(lock === "share", (query) => query.forShare())
    .executeTakeFirst();
}

/** A page of a project's sources, newest first, and one row more when there is a next page. */
export async function selectSources(
  db: Executor,
  projectId: string,
  { limit, cursor }: PageRequest,
): Promise<SourceRow[]> {
  return await db.kysely
    .selectFrom("sources")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .$if(cursor !== undefined, (query) => query.where("id", "<", cursor as string))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

/** Changes a source that the caller has locked. */
export async function updateSourceRow(
  tx: Transaction,
  id: string,
  changes: Updateable<SourcesTable>,
): Promise<SourceRow> {
  return await tx.kysely
    .updateTable("sources")
    .set(changes)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function insertSourceSecrets(tx: Transaction, secrets: readonly SourceSecretRow[]): Promise<void> {
  await tx.kysely
    .insertInto("source_secrets")
    .values([...secrets])
    .execute();
}

/** The secrets of these sources that still verify at `now`, oldest first. */
export async function selectLiveSourceSecrets(
  db: Executor,
  sourceIds: readonly string[],
  now: Date,
): Promise<SourceSecretRow[]> {
  if (sourceIds.length === 0) return [];
  return await db.kysely
    .selectFrom("source_secrets")
    .selectAll()
    .where("source_id", "in", [...sourceIds])
    .where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", now)]))
    .orderBy("id")
    .execute();
}

/** Notes that a source's secret has been shown. */
export async function markSecretRevealed(tx: Transaction, id: string): Promise<void> {
  await tx.kysely.updateTable("source_secrets").set({ handed_over: "revealed" }).where("id", "=", id).execute();
}

/** Ends a source's secrets at `end`, except those that end sooner, and forgets those that have ended by `now`. */
export async function expireSourceSecrets(tx: Transaction, sourceId: string, end: Date, now: Date): Promise<void> {
  await tx.kysely
    .updateTable("source_secrets")
    .set({ expires_at: end })
    .where("source_id", "=", sourceId)
    .where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", end)]))
    .execute();
  await tx.kysely
    .deleteFrom("source_secrets")
    .where("source_id", "=", sourceId)
    .where("expires_at", "<=", now)
    .execute();
}

/** Takes a source that the caller has locked out of use, and forgets its secrets and all that was noted of it. */
export async function deleteSourceRow(tx: Transaction, id: string, now: Date): Promise<void> {
  await tx.kysely.updateTable("sources").set({ deleted_at: now, intake: "open" }).where("id", "=", id).execute();
  for (const table of ["source_secrets", "source_rejections", "source_health", "held_events"] as const)
    await tx.kysely.deleteFrom(table).where("source_id", "=", id).execute();
}

/** Since when each of these sources turns its senders away; those that do not are left out. */
export async function selectRejectingSince(db: Executor, sourceIds: readonly string[]): Promise<Map<string, Date>> {
  if (sourceIds.length === 0) return new Map();
  const rows = await db.kysely
    .selectFrom("source_health")
    .select(["source_id", "rejecting_since"])
    .where("source_id", "in", [...sourceIds])
    .execute();
  return new Map(rows.flatMap((row) => (row.rejecting_since === null ? [] : [[row.source_id, row.rejecting_since]])));
}

// Locked until the transaction ends, so that none of them opens before the events that it holds can be seen.
const lockHolding = {
  name: "lock_holding_sources",
  text: `SELECT id FROM sources WHERE id = ANY ($1) AND intake <> 'open' ORDER BY id FOR SHARE`,
};

/** Those of these sources that hold their events now, kept so until the transaction ends. */
export async function lockHoldingSources(tx: Transaction, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await tx.query<{ id: string }>(lockHolding, [ids]);
  return new Set(rows.map((row) => row.id));
}

/** A source whose held events are being routed. */
export interface ResumingSource {
  readonly id: string;
  readonly project_id: string;
}

const selectResuming = {
  name: "select_resuming_sources",
  text: `SELECT id, project_id FROM sources WHERE intake = 'resuming' ORDER BY id LIMIT $1`,
};

export async function selectResumingSources(db: Executor, limit: number): Promise<ResumingSource[]> {
  return await db.query<ResumingSource>(selectResuming, [limit]);
}

const lockResuming = {
  name: "lock_resuming_source",
  text: `SELECT id FROM sources WHERE id = $1 AND intake = 'resuming' FOR UPDATE`,
};

/**
 * Waits for those who accept events for a source that resumes, and keeps others from it; false when it does not resume any
 * more. What they stored is seen by statements after this one.
 */
export async function lockResumingSource(tx: Transaction, id: string): Promise<boolean> {
  return (await tx.query(lockResuming, [id])).length > 0;
}

const openSource = { name: "open_source", text: `UPDATE sources SET intake = 'open' WHERE id = $1` };

/** Opens a source that the caller has locked, and for which no event waits. */
export async function openIntake(tx: Transaction, id: string): Promise<void> {
  await tx.query(openSource, [id]);
}
