import type { Executor, Transaction } from "../platform/database.ts";

/** How long a project keeps what has ended; null: as long as the hub does. */
export interface ProjectRetention {
  readonly id: string;
  readonly days: number | null;
  readonly updated_at: Date | null;
}

const selectOne = {
  text: `SELECT p.id, r.days, r.updated_at FROM projects p LEFT JOIN project_retention r ON r.project_id = p.id WHERE p.id = $1`,
};
const selectNext = {
  text: `SELECT p.id, r.days, r.updated_at FROM projects p LEFT JOIN project_retention r ON r.project_id = p.id
         WHERE p.id > $1 ORDER BY p.id LIMIT $2`,
};

/** The project's own setting. */
export async function selectRetention(db: Executor, projectId: string): Promise<ProjectRetention | undefined> {
  return (await db.query<ProjectRetention>(selectOne, [projectId]))[0];
}

/** The settings of the next projects by their ids. */
export async function selectRetentions(db: Executor, afterId: string, limit: number): Promise<ProjectRetention[]> {
  return await db.query<ProjectRetention>(selectNext, [afterId, limit]);
}

/** Sets it, or takes it away. */
export async function saveRetention(
  tx: Transaction,
  projectId: string,
  days: number | undefined,
  now: Date,
): Promise<void> {
  if (days === undefined) {
    await tx.kysely.deleteFrom("project_retention").where("project_id", "=", projectId).execute();
    return;
  }
  const values = { days, updated_at: now };
  await tx.kysely
    .insertInto("project_retention")
    .values({ project_id: projectId, ...values })
    .onConflict((conflict) => conflict.column("project_id").doUpdateSet(values))
    .execute();
}
