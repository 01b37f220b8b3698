import type { Insertable, Selectable, Updateable } from "kysely";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { SchedulesTable } from "../platform/tables.ts";

/** A schedule as it is stored, with the name of its agent. */
export type ScheduleRow = Selectable<SchedulesTable> & { readonly agent_name: string };

function selectScheduleRows(db: Executor) {
  return db.kysely
    .selectFrom("schedules")
    .innerJoin("agents", "agents.id", "schedules.agent_id")
    .selectAll("schedules")
    .select("agents.name as agent_name")
    .where("schedules.deleted_at", "is", null);
}

/** A schedule of the project; deleted ones are not found. `lock` keeps it as it is until the transaction ends. */
export async function selectSchedule(
  db: Executor,
  projectId: string,
  id: string,
  lock?: "update",
): Promise<ScheduleRow | undefined> {
  return await selectScheduleRows(db)
    .where("schedules.project_id", "=", projectId)
    .where("schedules.id", "=", id)
    .$if(lock === "update", (query) => query.forUpdate("schedules"))
    .executeTakeFirst();
}

/** A page of a project's schedules, newest first, and one row more when there is a next page. */
export async function selectSchedules(
  db: Executor,
  projectId: string,
  { limit, cursor }: PageRequest,
): Promise<ScheduleRow[]> {
  return await selectScheduleRows(db)
    .where("schedules.project_id", "=", projectId)
    .$if(cursor !== undefined, (query) => query.where("schedules.id", "<", cursor as string))
    .orderBy("schedules.id", "desc")
    .limit(limit + 1)
    .execute();
}

/** Those of these schedules that are switched on, of any project, kept as they are until the transaction ends. */
export async function lockEnabledSchedules(tx: Transaction, ids: readonly string[]): Promise<ScheduleRow[]> {
  if (ids.length === 0) return [];
  return await selectScheduleRows(tx)
    .where("schedules.id", "in", [...ids])
    .where("schedules.enabled", "=", true)
    .orderBy("schedules.id")
    .forUpdate("schedules")
    .execute();
}

/** All schedules that are switched on, of every project. */
export async function selectEnabledSchedules(db: Executor): Promise<ScheduleRow[]> {
  return await selectScheduleRows(db).where("schedules.enabled", "=", true).orderBy("schedules.id").execute();
}

export async function insertSchedule(tx: Transaction, schedule: Insertable<SchedulesTable>): Promise<void> {
  await tx.kysely.insertInto("schedules").values(schedule).execute();
}

/** Changes a schedule that the caller has locked. */
export async function updateScheduleRow(
  tx: Transaction,
  id: string,
  changes: Updateable<SchedulesTable>,
): Promise<void> {
  await tx.kysely.updateTable("schedules").set(changes).where("id", "=", id).execute();
}
