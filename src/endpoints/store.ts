import type { Insertable, Selectable, Updateable } from "kysely";
import type { Scope } from "../access/actor.ts";
import { isUuid } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { EndpointSecretsTable, EndpointsTable, SubscribersTable } from "../platform/tables.ts";

/** An endpoint as it is stored. */
export type EndpointRow = Selectable<EndpointsTable>;

/** A subscriber as it is stored. */
export type SubscriberRow = Selectable<SubscribersTable>;

/** One sealed secret of an endpoint. */
export type EndpointSecretRow = Selectable<EndpointSecretsTable>;

export async function insertEndpoint(tx: Transaction, endpoint: Insertable<EndpointsTable>): Promise<EndpointRow> {
  return await tx.kysely.insertInto("endpoints").values(endpoint).returningAll().executeTakeFirstOrThrow();
}

/** An endpoint within the scope; deleted ones are not found. `lock` keeps it as it is until the transaction ends. */
export async function selectEndpoint(
  db: Executor,
  { projectId, subscriberId }: Scope,
  id: string,
  lock?: "update",
): Promise<EndpointRow | undefined> {
  return await db.kysely
    .selectFrom("endpoints")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .$if(subscriberId !== undefined, (query) => query.where("subscriber_id", "=", subscriberId as string))
    .$if(lock === "update", (query) => query.forUpdate())
    .executeTakeFirst();
}

/** A page of the endpoints within a scope, newest first, and one row more when there is a next page. */
export async function selectEndpoints(
  db: Executor,
  { projectId, subscriberId }: Scope,
  { limit, cursor }: PageRequest,
): Promise<EndpointRow[]> {
  return await db.kysely
    .selectFrom("endpoints")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .$if(subscriberId !== undefined, (query) => query.where("subscriber_id", "=", subscriberId as string))
    .$if(cursor !== undefined, (query) => query.where("id", "<", cursor as string))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

/** How many endpoints a subscriber has. */
export async function countEndpointsOf(db: Executor, subscriberId: string): Promise<number> {
  const { count } = await db.kysely
    .selectFrom("endpoints")
    .select((query) => query.fn.countAll<string>().as("count"))
    .where("subscriber_id", "=", subscriberId)
    .where("deleted_at", "is", null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Changes an endpoint that the caller has locked. */
export async function updateEndpointRow(
  tx: Transaction,
  id: string,
  changes: Updateable<EndpointsTable>,
): Promise<EndpointRow> {
  return await tx.kysely
    .updateTable("endpoints")
    .set(changes)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The ids of a subscriber's endpoints, locked until the transaction ends. */
export async function lockEndpointsOf(tx: Transaction, subscriberId: string): Promise<string[]> {
  const rows = await tx.kysely
    .selectFrom("endpoints")
    .select("id")
    .where("subscriber_id", "=", subscriberId)
    .where("deleted_at", "is", null)
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.map((row) => row.id);
}

/** Takes endpoints that the caller has locked out of use, and forgets their secrets and how they did. */
export async function deleteEndpointRows(tx: Transaction, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await tx.kysely
    .updateTable("endpoints")
    .set({ deleted_at: now })
    .where("id", "in", [...ids])
    .execute();
  for (const table of ["endpoint_secrets", "endpoint_credentials", "endpoint_health", "endpoint_rates"] as const)
    await tx.kysely
      .deleteFrom(table)
      .where("endpoint_id", "in", [...ids])
      .execute();
}

export async function insertEndpointSecret(tx: Transaction, secrets: readonly EndpointSecretRow[]): Promise<void> {
  await tx.kysely
    .insertInto("endpoint_secrets")
    .values([...secrets])
    .execute();
}

/** The secrets (`hmac`) or the keys (`ed25519`) of an endpoint. */
export interface EndpointSecrets {
  readonly endpointId: string;
  readonly kind: EndpointSecretRow["kind"];
}

/** Ends an endpoint's secrets at `end`, except those that end sooner, and forgets those that have ended by `now`. */
export async function expireEndpointSecrets(
  tx: Transaction,
  { endpointId, kind }: EndpointSecrets,
  end: Date,
  now: Date,
): Promise<void> {
  await tx.kysely
    .updateTable("endpoint_secrets")
    .set({ expires_at: end })
    .where("endpoint_id", "=", endpointId)
    .where("kind", "=", kind)
    .where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", end)]))
    .execute();
  await tx.kysely
    .deleteFrom("endpoint_secrets")
    .where("endpoint_id", "=", endpointId)
    .where("expires_at", "<=", now)
    .execute();
}

/** How many of them an endpoint signs with. */
export async function countEndpointSecrets(tx: Transaction, { endpointId, kind }: EndpointSecrets): Promise<number> {
  const { count } = await tx.kysely
    .selectFrom("endpoint_secrets")
    .select((query) => query.fn.countAll<string>().as("count"))
    .where("endpoint_id", "=", endpointId)
    .where("kind", "=", kind)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/**
 * Ends what these endpoints still have to receive. In the order of their ids, so that two of these statements cannot wait
 * for each other's rows.
 */
export async function cancelPendingDeliveries(
  tx: Transaction,
  endpointIds: readonly string[],
  now: Date,
): Promise<void> {
  if (endpointIds.length === 0) return;
  const pending = tx.kysely
    .selectFrom("deliveries")
    .select("id")
    .where("endpoint_id", "in", [...endpointIds])
    .where("state", "=", "pending")
    .orderBy("id")
    .forUpdate();
  await tx.kysely
    .updateTable("deliveries")
    .set({ state: "canceled", settled_at: now, next_attempt_at: null, held: false })
    .where("id", "in", pending)
    .execute();
}

/** Whether anything waits for this endpoint to be on again. */
export async function hasHeldDeliveries(db: Executor, endpointId: string): Promise<boolean> {
  const held = db.kysely
    .selectFrom("deliveries")
    .select("id")
    .where("endpoint_id", "=", endpointId)
    .where("held", "=", true);
  return (await held.limit(1).executeTakeFirst()) !== undefined;
}

/** Stores a subscriber; false when the project has one with this external id, or a default one where this is to be it. */
export async function insertSubscriber(tx: Transaction, subscriber: Insertable<SubscribersTable>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.kysely
    .insertInto("subscribers")
    .values(subscriber)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/**
 * A subscriber within the scope, or the project's default one; deleted ones are not found. `lock` keeps it from being changed
 * (`update`) or deleted (`share`) until the transaction ends.
 */
export async function selectSubscriber(
  db: Executor,
  { projectId, subscriberId }: Scope,
  which: { readonly id: string } | "default",
  lock?: "update" | "share",
): Promise<SubscriberRow | undefined> {
  return await db.kysely
    .selectFrom("subscribers")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .where((is) => (which === "default" ? is("is_default", "=", true) : is("id", "=", which.id)))
    .$if(subscriberId !== undefined, (query) => query.where("id", "=", subscriberId as string))
    .$if(lock === "update", (query) => query.forUpdate())
    .$if(lock === "share", (query) => query.forShare())
    .executeTakeFirst();
}

/** The uuid of the subscriber of the project that a uuid or an external id names; undefined when there is none. */
export async function findSubscriberId(db: Executor, projectId: string, name: string): Promise<string | undefined> {
  const query = db.kysely.selectFrom("subscribers").select("id").where("project_id", "=", projectId);
  const row = await query
    .where("deleted_at", "is", null)
    .where((is) => {
      const byExternalId = is("external_id", "=", name);
      return isUuid(name) ? is.or([is("id", "=", name), byExternalId]) : byExternalId;
    })
    .executeTakeFirst();
  return row?.id;
}

/** Whether the project has this subscriber, or had it: deleted ones count. */
export async function hasEverHadSubscriber(db: Executor, projectId: string, id: string): Promise<boolean> {
  const query = db.kysely.selectFrom("subscribers").select("id").where("id", "=", id);
  return (await query.where("project_id", "=", projectId).executeTakeFirst()) !== undefined;
}

/** A page of the subscribers within a scope, newest first, and one row more when there is a next page. */
export async function selectSubscribers(
  db: Executor,
  { projectId, subscriberId }: Scope,
  { limit, cursor }: PageRequest,
): Promise<SubscriberRow[]> {
  return await db.kysely
    .selectFrom("subscribers")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .$if(subscriberId !== undefined, (query) => query.where("id", "=", subscriberId as string))
    .$if(cursor !== undefined, (query) => query.where("id", "<", cursor as string))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

/** Changes a subscriber that the caller has locked. Throws what `isUniqueViolation` knows when its external id is taken. */
export async function updateSubscriberRow(
  tx: Transaction,
  id: string,
  changes: Updateable<SubscribersTable>,
): Promise<SubscriberRow> {
  return await tx.kysely
    .updateTable("subscribers")
    .set(changes)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
