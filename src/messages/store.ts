import type { Selectable } from "kysely";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor } from "../platform/database.ts";
import { newestFirst } from "../platform/newest-first.ts";
import type { MessagesTable } from "../platform/tables.ts";

/** A message with the bytes that its deliveries send. */
export type FullMessageRow = Selectable<MessagesTable>;

/** A message as it is stored, without its payload. */
export type MessageRow = Omit<FullMessageRow, "payload">;

/** Which messages a list asks for. */
export interface MessageFilter {
  readonly type?: string | undefined;
}

const columns = ["id", "project_id", "type", "subscriber_id", "task_id", "external_id", "created_at"] as const;

/** A page of a project's messages, newest first, and one row more when there is a next page. */
export async function selectMessages(
  db: Executor,
  projectId: string,
  { type }: MessageFilter,
  { limit, cursor }: PageRequest,
): Promise<MessageRow[]> {
  let query = db.kysely.selectFrom("messages").select(columns).where("project_id", "=", projectId);
  if (type !== undefined) query = query.where("type", "=", type);
  if (cursor !== undefined) query = query.where("id", "<", cursor);
  return await query
    .orderBy("id", newestFirst)
    .limit(limit + 1)
    .execute();
}

/** A message of the project, by its uuid or by the id that its publisher gave it. */
export async function selectMessage(
  db: Executor,
  projectId: string,
  which: { readonly id: string } | { readonly externalId: string },
): Promise<FullMessageRow | undefined> {
  return await db.kysely
    .selectFrom("messages")
    .selectAll()
    .where("project_id", "=", projectId)
    .where((is) => ("id" in which ? is("id", "=", which.id) : is("external_id", "=", which.externalId)))
    .executeTakeFirst();
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
