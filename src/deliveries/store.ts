import type { Selectable } from "kysely";
import type { Scope } from "../access/actor.ts";
import { firstIdAt } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import { newestFirst } from "../platform/newest-first.ts";
import type { AttemptsTable, DeliveriesTable } from "../platform/tables.ts";

/** A delivery as it is stored. */
export type DeliveryRow = Selectable<DeliveriesTable>;

/** One HTTP try as it is stored. */
export type AttemptRow = Selectable<AttemptsTable>;

/** A delivery within the scope. `lock` keeps it as it is until the transaction ends. */
export async function selectDelivery(
  db: Executor,
  { projectId, subscriberId }: Scope,
  id: string,
  lock?: "update",
): Promise<DeliveryRow | undefined> {
  return await db.kysely
    .selectFrom("deliveries")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .$if(subscriberId !== undefined, (query) =>
      query.where("endpoint_id", "in", (endpoints) =>
        endpoints
          .selectFrom("endpoints")
          .select("id")
          .where("subscriber_id", "=", subscriberId as string),
      ),
    )
    .$if(lock === "update", (query) => query.forUpdate())
    .executeTakeFirst();
}

/** The deliveries of these messages of the project, oldest first; at most `limit`. */
export async function selectDeliveriesOf(
  db: Executor,
  projectId: string,
  messageIds: readonly string[],
  limit: number,
): Promise<(DeliveryRow & { readonly url: string })[]> {
  if (messageIds.length === 0) return [];
  return await db.kysely
    .selectFrom("deliveries")
    .innerJoin("endpoints", "endpoints.id", "deliveries.endpoint_id")
    .selectAll("deliveries")
    .select("endpoints.url")
    .where("deliveries.project_id", "=", projectId)
    .where("deliveries.message_id", "in", [...messageIds])
    .orderBy("deliveries.id")
    .limit(limit)
    .execute();
}

/** Changes a delivery that the caller has locked. */
export async function updateDeliveryRow(
  tx: Transaction,
  id: string,
  changes: Partial<Pick<DeliveryRow, "state" | "next_attempt_at" | "settled_at" | "held">>,
): Promise<DeliveryRow> {
  return await tx.kysely
    .updateTable("deliveries")
    .set(changes)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Whether the project has this endpoint and sends to it. */
export async function isEndpointOn(db: Executor, projectId: string, endpointId: string): Promise<boolean> {
  const found = await db.kysely
    .selectFrom("endpoints")
    .select("id")
    .where("id", "=", endpointId)
    .where("project_id", "=", projectId)
    .where("disabled", "=", false)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return found !== undefined;
}

/** Whether what a message said was erased. It stays as it is until the transaction ends. */
export async function isMessageErased(tx: Transaction, messageId: string): Promise<boolean> {
  const message = await tx.kysely
    .selectFrom("messages")
    .select("erased_at")
    .where("id", "=", messageId)
    .forShare()
    .executeTakeFirst();
  return message?.erased_at !== null;
}

// Two hubs' clocks may differ by this much at most: an attempt is not looked for in partitions of days before its delivery.
const clockSlackMs = 3_600_000;

/** The smallest id that an attempt at a delivery of this age may have. */
function firstAttemptId(deliveryCreatedAt: Date): string {
  return firstIdAt(deliveryCreatedAt.getTime() - clockSlackMs);
}

/** A page of the attempts at a delivery, newest first, and one row more when there is a next page. */
export async function selectAttempts(
  db: Executor,
  delivery: DeliveryRow,
  { limit, cursor }: PageRequest,
): Promise<AttemptRow[]> {
  let query = db.kysely
    .selectFrom("attempts")
    .selectAll()
    .where("delivery_id", "=", delivery.id)
    .where("id", ">=", firstAttemptId(delivery.created_at));
  if (cursor !== undefined) query = query.where("id", "<", cursor);
  return await query
    .orderBy("id", newestFirst)
    .limit(limit + 1)
    .execute();
}

/** One HTTP try with the beginning of what came back. */
export type AttemptExcerptRow = Omit<AttemptRow, "request_headers" | "response_headers">;

/** The attempts at these deliveries, oldest first; at most `limit`. Of what came back, only the first `excerptBytes`. */
export async function selectAttemptsOf(
  db: Executor,
  deliveries: readonly DeliveryRow[],
  limit: number,
  excerptBytes: number,
): Promise<AttemptExcerptRow[]> {
  if (deliveries.length === 0) return [];
  const oldest = new Date(Math.min(...deliveries.map((delivery) => delivery.created_at.getTime())));
  const rows = await db.kysely
    .selectFrom("attempts")
    .select(["id", "delivery_id", "project_id", "number", "outcome", "status", "error", "duration_ms", "started_at"])
    .select("erased_at")
    .select((is) => [
      "response_truncated",
      is.fn<number | null>("octet_length", ["response_body"]).as("response_size"),
      is.fn<Buffer | null>("substring", ["response_body", is.val(1), is.val(excerptBytes)]).as("response_body"),
    ])
    .where(
      "delivery_id",
      "in",
      deliveries.map((delivery) => delivery.id),
    )
    .where("id", ">=", firstAttemptId(oldest))
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(({ response_size: size, ...row }) => ({
    ...row,
    response_truncated: row.response_truncated || (size ?? 0) > excerptBytes,
  }));
}

/** The delivery that an attempt of the project was made at, as a uuid. */
export async function selectDeliveryIdOfAttempt(
  db: Executor,
  projectId: string,
  attemptId: string,
): Promise<string | undefined> {
  const row = await db.kysely
    .selectFrom("attempts")
    .select("delivery_id")
    .where("id", "=", attemptId)
    .where("project_id", "=", projectId)
    .executeTakeFirst();
  return row?.delivery_id;
}
