import type { Selectable } from "kysely";
import { fromWireId } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor } from "../platform/database.ts";
import { newestFirst } from "../platform/newest-first.ts";
import type { ArtifactsTable } from "../platform/tables.ts";

/** Which artifacts a list asks for. */
export interface ArtifactFilter {
  /** A media type in lower case, without parameters. */
  readonly contentType?: string | undefined;
  /** The name or wire id of the agent whose task it came from. */
  readonly agent?: string | undefined;
}

function selectDescriptions(db: Executor, projectId: string) {
  return db.kysely
    .selectFrom("artifacts")
    .innerJoin("tasks", "tasks.id", "artifacts.task_id")
    .innerJoin("agents", "agents.id", "tasks.agent_id")
    .select(["artifacts.id", "artifacts.task_id", "artifacts.name", "artifacts.content_type", "artifacts.size"])
    .select(["artifacts.sha256", "artifacts.created_at", "agents.name as agent_name"])
    .where("artifacts.project_id", "=", projectId);
}

/** What is known of an artifact besides its content. */
export type ArtifactRow = Awaited<ReturnType<ReturnType<typeof selectDescriptions>["execute"]>>[number];

/** A page of a project's artifacts, newest first, and one row more when there is a next page. */
export async function selectArtifacts(
  db: Executor,
  projectId: string,
  { contentType, agent }: ArtifactFilter,
  { limit, cursor }: PageRequest,
): Promise<ArtifactRow[]> {
  let query = selectDescriptions(db, projectId);
  // The index artifacts_by_type is on this very expression.
  if (contentType !== undefined)
    query = query.where((is) => {
      const beforeParameters = is.fn("split_part", ["artifacts.content_type", is.val(";"), is.val(1)]);
      return is(is.fn("rtrim", [is.fn("lower", [beforeParameters])]), "=", contentType);
    });
  const agentId = agent === undefined ? undefined : fromWireId("agent", agent);
  if (agentId !== undefined) query = query.where("agents.id", "=", agentId);
  else if (agent !== undefined) query = query.where("agents.name", "=", agent);
  if (cursor !== undefined) query = query.where("artifacts.id", "<", cursor);
  return await query
    .orderBy("artifacts.id", newestFirst)
    .limit(limit + 1)
    .execute();
}

/** An artifact of the project, without its content. */
export async function selectArtifact(db: Executor, projectId: string, id: string): Promise<ArtifactRow | undefined> {
  return await selectDescriptions(db, projectId).where("artifacts.id", "=", id).executeTakeFirst();
}

/** The artifacts of these tasks of the project, in the order of their making; at most `limit`. */
export async function selectArtifactsOf(
  db: Executor,
  projectId: string,
  taskIds: readonly string[],
  limit: number,
): Promise<ArtifactRow[]> {
  if (taskIds.length === 0) return [];
  return await selectDescriptions(db, projectId)
    .where("artifacts.task_id", "in", [...taskIds])
    .orderBy("artifacts.id")
    .limit(limit)
    .execute();
}

/** The content of an artifact of the project, with what it takes to serve it. */
export async function selectArtifactContent(
  db: Executor,
  projectId: string,
  id: string,
): Promise<Pick<Selectable<ArtifactsTable>, "name" | "content_type" | "content"> | undefined> {
  return await db.kysely
    .selectFrom("artifacts")
    .select(["name", "content_type", "content"])
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .executeTakeFirst();
}
