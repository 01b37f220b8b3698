import type { Executor } from "../platform/database.ts";

/** A thing by its name, deleted or not. */
export interface NamedRow {
  readonly id: string;
  readonly name: string;
}

async function selectNames(
  db: Executor,
  table: "sources" | "routes",
  projectId: string,
  ids: readonly string[],
): Promise<NamedRow[]> {
  if (ids.length === 0) return [];
  return await db.kysely
    .selectFrom(table)
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .where("id", "in", [...ids])
    .orderBy("id")
    .execute();
}

/** The names of these routes of the project; deleted ones count. */
export async function selectRouteNames(db: Executor, projectId: string, ids: readonly string[]): Promise<NamedRow[]> {
  return await selectNames(db, "routes", projectId, ids);
}

/** The name of a source of the project, deleted or not. */
export async function selectSourceName(db: Executor, projectId: string, id: string): Promise<NamedRow | undefined> {
  const [source] = await selectNames(db, "sources", projectId, [id]);
  return source;
}
