import type { Insertable, Selectable, Updateable } from "kysely";
import type { Executor, Transaction } from "../platform/database.ts";
import type { EventTypesTable } from "../platform/tables.ts";

/** An event type as it is stored. */
export type EventTypeRow = Selectable<EventTypesTable>;

/** Stores an event type; undefined when the project has one of this name. */
export async function insertEventType(
  tx: Transaction,
  row: Insertable<EventTypesTable>,
): Promise<EventTypeRow | undefined> {
  return await tx.kysely
    .insertInto("event_types")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

/** An event type of the project. `lock` keeps it as it is until the transaction ends. */
export async function selectEventType(
  db: Executor,
  projectId: string,
  name: string,
  lock?: "update",
): Promise<EventTypeRow | undefined> {
  return await db.kysely
    .selectFrom("event_types")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .$if(lock === "update", (query) => query.forUpdate())
    .executeTakeFirst();
}

/** A page of the project's event types by their names, and one row more when there is a next page. */
export async function selectEventTypes(
  db: Executor,
  projectId: string,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): Promise<EventTypeRow[]> {
  return await db.kysely
    .selectFrom("event_types")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(after !== undefined, (query) => query.where("name", ">", after as string))
    .orderBy("name")
    .limit(limit + 1)
    .execute();
}

/** Changes an event type that the caller has locked. */
export async function updateEventTypeRow(
  tx: Transaction,
  projectId: string,
  name: string,
  changes: Updateable<EventTypesTable>,
): Promise<EventTypeRow> {
  return await tx.kysely
    .updateTable("event_types")
    .set(changes)
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Deletes an event type; false when the project has none of this name. */
export async function deleteEventTypeRow(tx: Transaction, projectId: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx.kysely
    .deleteFrom("event_types")
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}
