import type { Selectable } from "kysely";
import type { Scope } from "../access/actor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import { newestFirst } from "../platform/newest-first.ts";
import type { MessagesTable } from "../platform/tables.ts";
import { selectNewestForSubscriber } from "./subscriber-message-store.ts";

/** A message with the bytes that its deliveries send. */
export type FullMessageRow = Selectable<MessagesTable>;

/** A message as it is stored, without its payload. */
export type MessageRow = Omit<FullMessageRow, "payload" | "xid">;

/** Which messages a list asks for. */
export interface MessageFilter {
  readonly type?: string | undefined;
}

const columns = [
  "id",
  "project_id",
  "type",
  "subscriber_id",
  "task_id",
  "external_id",
  "channels",
  "created_at",
  "erased_at",
] as const;

/** A page of the messages within a scope, newest first, and one row more when there is a next page. */
export async function selectMessages(
  db: Executor,
  { projectId, subscriberId }: Scope,
  { type }: MessageFilter,
  { limit, cursor }: PageRequest,
): Promise<MessageRow[]> {
  if (subscriberId !== undefined)
    return await selectNewestForSubscriber(db, { projectId, subscriberId, type, cursor, limit: limit + 1 });
  let query = db.kysely.selectFrom("messages").select(columns).where("project_id", "=", projectId);
  if (type !== undefined) query = query.where("type", "=", type);
  if (cursor !== undefined) query = query.where("id", "<", cursor);
  return await query
    .orderBy("id", newestFirst)
    .limit(limit + 1)
    .execute();
}

/** A message within the scope, by its uuid or by the id that its publisher gave it. */
export async function selectMessage(
  db: Executor,
  { projectId, subscriberId }: Scope,
  which: { readonly id: string } | { readonly externalId: string },
): Promise<FullMessageRow | undefined> {
  return await db.kysely
    .selectFrom("messages")
    .selectAll()
    .where("project_id", "=", projectId)
    .where((is) => ("id" in which ? is("id", "=", which.id) : is("external_id", "=", which.externalId)))
    .$if(subscriberId !== undefined, (query) =>
      query.where((is) => is.or([is("subscriber_id", "=", subscriberId as string), is("subscriber_id", "is", null)])),
    )
    .executeTakeFirst();
}

/** An endpoint that is to get a message again, and the last delivery of it, if any. */
interface ResendTarget {
  readonly endpoint_id: string;
  readonly id: string | null;
  readonly state: string | null;
  /** The endpoint's filter, as JSON; null when it has none, or was named itself. */
  readonly filter: string | null;
}

const selectTargets = {
  text: `SELECT e.id AS endpoint_id, sent.id, sent.state, CASE WHEN $2::uuid IS NULL THEN e.filter::text END AS filter
         FROM messages m JOIN endpoints e ON e.project_id = m.project_id AND e.deleted_at IS NULL AND NOT e.disabled
         LEFT JOIN LATERAL (
           SELECT id, state FROM deliveries d WHERE d.message_id = m.id AND d.endpoint_id = e.id
           ORDER BY d.id DESC LIMIT 1 FOR UPDATE
         ) AS sent ON true
         WHERE m.id = $1 AND m.erased_at IS NULL AND ($3::uuid IS NULL OR e.subscriber_id = $3)
           AND CASE WHEN $2::uuid IS NULL THEN
                 (e.event_types IS NULL OR m.type = ANY (e.event_types) OR m.type LIKE ANY (e.event_type_patterns))
                 AND (e.channels IS NULL OR e.channels && m.channels)
                 AND (m.subscriber_id IS NULL OR e.subscriber_id = m.subscriber_id)
               ELSE e.id = $2 END
         ORDER BY sent.id FOR SHARE OF m`,
};

/** Who is to get a message of the project again: the enabled endpoints that ask for it, or one of them. Locks it and their deliveries. */
export async function selectResendTargets(
  tx: Transaction,
  { subscriberId }: Scope,
  messageId: string,
  endpointId: string | undefined,
): Promise<ResendTarget[]> {
  return await tx.query<ResendTarget>(selectTargets, [messageId, endpointId ?? null, subscriberId ?? null]);
}

/** Those of these messages that are the project's, oldest first. */
export async function selectMessagesById(
  db: Executor,
  projectId: string,
  ids: readonly string[],
): Promise<MessageRow[]> {
  if (ids.length === 0) return [];
  return await db.kysely
    .selectFrom("messages")
    .select(columns)
    .where("project_id", "=", projectId)
    .where("id", "in", [...ids])
    .orderBy("id")
    .execute();
}

/** What was said of these tasks of the project, oldest first; at most `limit`. */
export async function selectMessagesOf(
  db: Executor,
  projectId: string,
  taskIds: readonly string[],
  limit: number,
): Promise<MessageRow[]> {
  if (taskIds.length === 0) return [];
  return await db.kysely
    .selectFrom("messages")
    .select(columns)
    .where("project_id", "=", projectId)
    .where("task_id", "in", [...taskIds])
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** Whether the project has this subscriber. */
export async function hasSubscriber(db: Executor, projectId: string, id: string): Promise<boolean> {
  const found = await db.kysely
    .selectFrom("subscribers")
    .select("id")
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return found !== undefined;
}
