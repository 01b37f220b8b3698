import type { Selectable } from "kysely";
import { firstIdAt } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor } from "../platform/database.ts";
import { newestFirst } from "../platform/newest-first.ts";
import type { EventsTable } from "../platform/tables.ts";

/** An event as it is stored, with the size of its body in bytes in place of the body. */
export type StoredEvent = Omit<Selectable<EventsTable>, "body"> & { readonly body_size: number };

/** Which events a list asks for. */
export interface EventFilter {
  readonly sourceId?: string | undefined;
  readonly type?: string | undefined;
  /** Received at this moment or later. */
  readonly after?: Date | undefined;
  /** Received before this moment. */
  readonly before?: Date | undefined;
}

function selectStored(db: Executor) {
  return (
    db.kysely
      .selectFrom("events")
      .select(["id", "project_id", "source_id", "provider", "type", "delivery_id", "received_at", "headers"])
      .select(["content_type", "conflict", "erased_at"])
      // Known without reading the body, which is stored apart.
      .select((is) => is.fn<number>("octet_length", ["body"]).as("body_size"))
  );
}

/**
 * A page of a project's events, newest first, and one row more when there is a next page. Times are ranges of the id, so
 * that only the partitions of those days are read.
 */
export async function selectEvents(
  db: Executor,
  projectId: string,
  { sourceId, type, after, before }: EventFilter,
  { limit, cursor }: PageRequest,
): Promise<StoredEvent[]> {
  let query = selectStored(db);
  // A source is of one project, so its events need no other condition: with one, Postgres may take the project's index and
  // walk past all that came in since a source fell silent.
  if (sourceId === undefined || type !== undefined) query = query.where("project_id", "=", projectId);
  if (sourceId !== undefined)
    query = query
      .where("source_id", "=", sourceId)
      .where((is) =>
        is.exists(
          is
            .selectFrom("sources")
            .select("sources.id")
            .where("sources.id", "=", sourceId)
            .where("sources.project_id", "=", projectId),
        ),
      );
  if (type !== undefined) query = query.where("type", "=", type);
  if (after !== undefined) query = query.where("id", ">=", firstIdAt(after.getTime()));
  if (before !== undefined) query = query.where("id", "<", firstIdAt(before.getTime()));
  if (cursor !== undefined) query = query.where("id", "<", cursor);
  return await query
    .orderBy("id", newestFirst)
    .limit(limit + 1)
    .execute();
}

/** An event of the project. */
export async function selectEvent(db: Executor, projectId: string, id: string): Promise<StoredEvent | undefined> {
  return await selectStored(db).where("id", "=", id).where("project_id", "=", projectId).executeTakeFirst();
}

/** The body of an event of the project, as it was received. */
export async function selectEventBody(
  db: Executor,
  projectId: string,
  id: string,
): Promise<Pick<Selectable<EventsTable>, "body" | "content_type" | "erased_at"> | undefined> {
  return await db.kysely
    .selectFrom("events")
    .select(["body", "content_type", "erased_at"])
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}
