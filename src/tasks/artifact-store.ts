import type { ExpressionBuilder } from "kysely";
import { firstIdAt, fromWireId } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor } from "../platform/database.ts";
import { newestFirst } from "../platform/newest-first.ts";
import type { Tables } from "../platform/tables.ts";
import type { Report } from "./parse-report.ts";

/** Which artifacts a list asks for. */
export interface ArtifactFilter {
  /** A media type in lower case, without parameters; `text/*` stands for all of a kind. */
  readonly contentType?: string | undefined;
  /** The name or wire id of the agent whose task it came from; deleted agents count. */
  readonly agent?: string | undefined;
  /** A uuid. */
  readonly taskId?: string | undefined;
  /** With what its name begins. */
  readonly name?: string | undefined;
  /** With what its path begins. */
  readonly path?: string | undefined;
  /** First stored at this moment or later. */
  readonly createdAfter?: Date | undefined;
  /** First stored before this moment. */
  readonly createdBefore?: Date | undefined;
}

function selectDescriptions(db: Executor, projectId: string) {
  return db.kysely
    .selectFrom("artifacts")
    .innerJoin("agents", "agents.id", "artifacts.agent_id")
    .select(["artifacts.id", "artifacts.task_id", "artifacts.name", "artifacts.content_type", "artifacts.size"])
    .select(["artifacts.sha256", "artifacts.title", "artifacts.path", "artifacts.metadata"])
    .select(["artifacts.created_at", "artifacts.updated_at", "agents.name as agent_name"])
    .where("artifacts.project_id", "=", projectId);
}

/** What is known of an artifact besides its content. */
export type ArtifactRow = Awaited<ReturnType<ReturnType<typeof selectDescriptions>["execute"]>>[number];

// The very expressions that the indexes artifacts_by_type and artifacts_by_main_type are on.
function mediaType(is: ExpressionBuilder<Tables, "artifacts">) {
  const beforeParameters = is.fn("split_part", ["artifacts.content_type", is.val(";"), is.val(1)]);
  return is.fn<string>("rtrim", [is.fn("lower", [beforeParameters])]);
}

function mainType(is: ExpressionBuilder<Tables, "artifacts">) {
  return is.fn<string>("split_part", [mediaType(is), is.val("/"), is.val(1)]);
}

// LIKE, since the indexes of names and paths serve it, whatever the collation.
function patternOf(prefix: string): string {
  return `${prefix.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

/** The uuids of the agents, deleted ones too, that have this name or wire id. */
export async function selectAgentIds(db: Executor, projectId: string, agent: string): Promise<string[]> {
  const id = fromWireId("agent", agent);
  if (id !== undefined) return [id];
  const query = db.kysely.selectFrom("agents").select("id").where("project_id", "=", projectId);
  return (await query.where("name", "=", agent).execute()).map((row) => row.id);
}

/** A page of a project's artifacts, newest first, and one row more when there is a next page. */
export async function selectArtifacts(
  db: Executor,
  projectId: string,
  { contentType, agent, taskId, name, path, createdAfter, createdBefore }: ArtifactFilter,
  { limit, cursor }: PageRequest,
): Promise<ArtifactRow[]> {
  let query = selectDescriptions(db, projectId);
  if (contentType?.endsWith("/*") === true)
    query = query.where((is) => is(mainType(is), "=", contentType.slice(0, -2)));
  else if (contentType !== undefined) query = query.where((is) => is(mediaType(is), "=", contentType));
  if (agent !== undefined) {
    const agentIds = await selectAgentIds(db, projectId, agent);
    if (agentIds.length === 0) return [];
    query = query.where("artifacts.agent_id", "in", agentIds);
  }
  if (taskId !== undefined) query = query.where("artifacts.task_id", "=", taskId);
  if (name !== undefined) query = query.where("artifacts.name", "like", patternOf(name));
  if (path !== undefined) query = query.where("artifacts.path", "like", patternOf(path));
  // The time is in the ids, so that every index above serves it.
  if (createdAfter !== undefined) query = query.where("artifacts.id", ">=", firstIdAt(createdAfter.getTime()));
  if (createdBefore !== undefined) query = query.where("artifacts.id", "<", firstIdAt(createdBefore.getTime()));
  if (cursor !== undefined) query = query.where("artifacts.id", "<", cursor);
  return await query
    .orderBy("artifacts.id", newestFirst)
    .limit(limit + 1)
    .execute();
}

/** An artifact of the project, without its content. */
export async function selectArtifact(db: Executor, projectId: string, id: string) {
  return await selectDescriptions(db, projectId)
    .select("artifacts.report")
    .where("artifacts.id", "=", id)
    .executeTakeFirst();
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

/** The report in the task's artifacts: that of the last one made. */
export async function selectReportOf(db: Executor, taskId: string): Promise<Report | undefined> {
  const row = await db.kysely
    .selectFrom("artifacts")
    .select("report")
    .where("task_id", "=", taskId)
    .where("report", "is not", null)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.report ?? undefined;
}

/** Where the content of an artifact of the project is, with what it takes to serve it. */
export async function selectArtifactContent(db: Executor, projectId: string, id: string) {
  return await db.kysely
    .selectFrom("artifacts")
    .select(["name", "content_type", "content", "sha256"])
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .executeTakeFirst();
}

const selectKeptElsewhere = {
  name: "select_contents_on_disk",
  text: `SELECT i.sha256 FROM unnest($1::bytea[]) AS i (sha256)
         WHERE NOT EXISTS (SELECT FROM artifacts a WHERE a.sha256 = i.sha256 AND a.content IS NULL)`,
};

/** Those of these hashes that no artifact says its content is under. */
export async function selectUnusedContents(db: Executor, hashes: readonly Buffer[]): Promise<Buffer[]> {
  const rows = await db.query<{ sha256: Buffer }>(selectKeptElsewhere, [hashes]);
  return rows.map((row) => row.sha256);
}
