import type { Selectable } from "kysely";
import type { Executor } from "../platform/database.ts";
import type { ArtifactsTable, TaskAttemptsTable, TaskEventsTable, TasksTable } from "../platform/tables.ts";

/** A task's row. */
export type TaskRow = Selectable<TasksTable>;

/** Which tasks a list asks for. */
export interface TaskFilter {
  readonly projectId: string;
  readonly state?: string;
  readonly agentId?: string;
  readonly eventId?: string;
  /** Only older ones than this id. */
  readonly before?: string;
  readonly limit: number;
}

/** Tasks of a project, newest first. */
export async function listTaskRows(db: Executor, filter: TaskFilter): Promise<TaskRow[]> {
  let query = db.kysely.selectFrom("tasks").selectAll().where("project_id", "=", filter.projectId);
  if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  if (filter.agentId !== undefined) query = query.where("agent_id", "=", filter.agentId);
  if (filter.eventId !== undefined) query = query.where("event_id", "=", filter.eventId);
  if (filter.before !== undefined) query = query.where("id", "<", filter.before);
  return await query.orderBy("id", "desc").limit(filter.limit).execute();
}

/** One task of a project. */
export async function findTaskRow(db: Executor, projectId: string, id: string): Promise<TaskRow | undefined> {
  return await db.kysely
    .selectFrom("tasks")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .executeTakeFirst();
}

/** The attempts at a task, first to last. */
export async function listAttemptRows(db: Executor, taskId: string): Promise<Selectable<TaskAttemptsTable>[]> {
  return await db.kysely
    .selectFrom("task_attempts")
    .selectAll()
    .where("task_id", "=", taskId)
    .orderBy("attempt")
    .execute();
}

/** What an artifact is, without its content. */
export type ArtifactRow = Omit<Selectable<ArtifactsTable>, "content">;

const artifactColumns = [
  "id",
  "project_id",
  "task_id",
  "name",
  "content_type",
  "size",
  "sha256",
  "created_at",
] as const;

/** The artifacts of a task, in the order of their making. */
export async function listArtifactRows(db: Executor, taskId: string): Promise<ArtifactRow[]> {
  return await db.kysely
    .selectFrom("artifacts")
    .select(artifactColumns)
    .where("task_id", "=", taskId)
    .orderBy("id")
    .execute();
}

/** One artifact of a project. */
export async function findArtifactRow(
  db: Executor,
  projectId: string,
  id: string,
): Promise<Selectable<ArtifactsTable> | undefined> {
  return await db.kysely
    .selectFrom("artifacts")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .executeTakeFirst();
}

/** What workers reported of a task, oldest first, after the given attempt and sequence. */
export async function listTaskEventRows(
  db: Executor,
  taskId: string,
  limit: number,
): Promise<Selectable<TaskEventsTable>[]> {
  return await db.kysely
    .selectFrom("task_events")
    .selectAll()
    .where("task_id", "=", taskId)
    .orderBy("attempt")
    .orderBy("seq")
    .limit(limit)
    .execute();
}
