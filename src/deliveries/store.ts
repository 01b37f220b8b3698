import { type Selectable, sql } from "kysely";
import { firstIdAt } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { AttemptsTable, DeliveriesTable } from "../platform/tables.ts";
import { deliveryStates } from "./delivery-state.ts";

/** A delivery as it is stored. */
export type DeliveryRow = Selectable<DeliveriesTable>;

/** One HTTP try as it is stored. */
export type AttemptRow = Selectable<AttemptsTable>;

/** Which deliveries a list asks for; the ids are uuids. */
export interface DeliveryFilter {
  readonly state?: string | undefined;
  readonly endpointId?: string | undefined;
  readonly messageId?: string | undefined;
}

// The newest in each state, then the newest of these: the indexes of a project and of an endpoint hold them by state.
function selectIdsByState(
  db: Executor,
  projectId: string,
  { state, endpointId }: DeliveryFilter,
  { limit, cursor }: PageRequest,
) {
  const states = state === undefined ? deliveryStates : [state];
  let wanted = db.kysely.selectFrom(
    sql<{ state: string }>`unnest(${[...states]}::text[])`.as<"wanted">(sql`wanted (state)`),
  );
  if (endpointId !== undefined)
    // Asked once: else a foreign endpoint's deliveries would be walked through to the last, each one passed over.
    wanted = wanted.where(({ exists, selectFrom }) =>
      exists(
        selectFrom("endpoints")
          .select("endpoints.id")
          .where("endpoints.id", "=", endpointId)
          .where("endpoints.project_id", "=", projectId),
      ),
    );
  return wanted
    .innerJoinLateral(
      (query) => {
        let recent = query
          .selectFrom("deliveries")
          .select("deliveries.id")
          .whereRef("deliveries.state", "=", "wanted.state");
        recent =
          endpointId === undefined
            ? recent.where("deliveries.project_id", "=", projectId)
            : recent.where("deliveries.endpoint_id", "=", endpointId);
        if (cursor !== undefined) recent = recent.where("deliveries.id", "<", cursor);
        return recent
          .orderBy("deliveries.id", "desc")
          .limit(limit + 1)
          .as("recent");
      },
      (join) => join.onTrue(),
    )
    .select("recent.id")
    .orderBy("recent.id", "desc")
    .limit(limit + 1);
}

/** A page of a project's deliveries, newest first, and one row more when there is a next page. */
export async function selectDeliveries(
  db: Executor,
  projectId: string,
  filter: DeliveryFilter,
  page: PageRequest,
): Promise<DeliveryRow[]> {
  const { state, endpointId, messageId } = filter;
  const { limit, cursor } = page;
  const newestFirst = db.kysely
    .selectFrom("deliveries")
    .selectAll()
    .where("project_id", "=", projectId)
    .orderBy("id", "desc");
  if (messageId === undefined)
    return await newestFirst.where("id", "in", selectIdsByState(db, projectId, filter, page)).execute();
  // A message goes to no more endpoints than its project has: what else is asked of them is looked for among these.
  let query = newestFirst.where("message_id", "=", messageId).limit(limit + 1);
  if (endpointId !== undefined) query = query.where("endpoint_id", "=", endpointId);
  if (state !== undefined) query = query.where("state", "=", state);
  if (cursor !== undefined) query = query.where("id", "<", cursor);
  return await query.execute();
}

/** A delivery of the project. `lock` keeps it as it is until the transaction ends. */
export async function selectDelivery(
  db: Executor,
  projectId: string,
  id: string,
  lock?: "update",
): Promise<DeliveryRow | undefined> {
  return await db.kysely
    .selectFrom("deliveries")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", projectId)
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
  changes: Partial<Pick<DeliveryRow, "state" | "retries_spent" | "next_attempt_at" | "settled_at">>,
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
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

/** The attempts at these deliveries, oldest first; at most `limit`. Of what came back, only the first `excerptBytes`. */
export async function selectAttemptsOf(
  db: Executor,
  deliveries: readonly DeliveryRow[],
  limit: number,
  excerptBytes: number,
): Promise<Omit<AttemptRow, "request_headers" | "response_headers">[]> {
  const [oldest] = deliveries.toSorted((one, other) => one.created_at.getTime() - other.created_at.getTime());
  if (oldest === undefined) return [];
  const ids = deliveries.map((delivery) => delivery.id);
  return await db.kysely
    .selectFrom("attempts")
    .select(["id", "delivery_id", "project_id", "number", "outcome", "status", "error", "duration_ms", "started_at"])
    .select(sql<Buffer | null>`substring(response_body FROM 1 FOR ${excerptBytes}::int)`.as("response_body"))
    .select(
      sql<boolean>`response_truncated OR coalesce(octet_length(response_body), 0) > ${excerptBytes}::int`.as(
        "response_truncated",
      ),
    )
    .where("delivery_id", "in", ids)
    .where("id", ">=", firstAttemptId(oldest.created_at))
    .orderBy("id")
    .limit(limit)
    .execute();
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
