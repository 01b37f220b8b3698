import type { Selectable } from "kysely";
import { fromWireId } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor } from "../platform/database.ts";
import type { TaskAttemptsTable, TaskEventsTable, TasksTable } from "../platform/tables.ts";

/** A task's row. */
export type TaskRow = Selectable<TasksTable>;

/** Which tasks a list asks for. */
export interface TaskFilter {
  readonly state?: string | undefined;
  /** The agent's name or wire id; deleted agents count. */
  readonly agent?: string | undefined;
  /** A uuid. */
  readonly eventId?: string | undefined;
}

// What a list shows of a task. Its input and its result may have a megabyte, and a page two hundred tasks.
const summaryColumns = [
  "tasks.id",
  "tasks.route_id",
  "tasks.state",
  "tasks.reason",
  "tasks.priority",
  "tasks.event",
  "tasks.attempt",
  "tasks.max_attempts",
  "tasks.lease_worker",
  "tasks.lease_expires_at",
  "tasks.deadline_at",
  "tasks.start_after",
  "tasks.usage",
  "tasks.error",
  "tasks.created_at",
  "tasks.updated_at",
  "tasks.settled_at",
] as const;

function selectSummaries(db: Executor, projectId: string) {
  return db.kysely
    .selectFrom("tasks")
    .innerJoin("agents", "agents.id", "tasks.agent_id")
    .select(summaryColumns)
    .select("agents.name as agent_name")
    .where("tasks.project_id", "=", projectId);
}

/** A task as lists show it. */
export type TaskSummaryRow = Awaited<ReturnType<ReturnType<typeof selectSummaries>["execute"]>>[number];

// The newest of each agent, then the newest of these. An index holds each agent's tasks by state and id, and a project has
// few agents; one more index by project and state would cost every task three writes.
function selectIdsByAgent(
  db: Executor,
  projectId: string,
  { state, agent }: TaskFilter,
  { limit, cursor }: PageRequest,
) {
  const agentId = agent === undefined ? undefined : fromWireId("agent", agent);
  let agents = db.kysely.selectFrom("agents").where("agents.project_id", "=", projectId);
  if (agentId !== undefined) agents = agents.where("agents.id", "=", agentId);
  else if (agent !== undefined) agents = agents.where("agents.name", "=", agent);
  return agents
    .innerJoinLateral(
      (query) => {
        let recent = query.selectFrom("tasks").select("tasks.id").whereRef("tasks.agent_id", "=", "agents.id");
        if (state !== undefined) recent = recent.where("tasks.state", "=", state);
        if (cursor !== undefined) recent = recent.where("tasks.id", "<", cursor);
        return recent
          .orderBy("tasks.id", "desc")
          .limit(limit + 1)
          .as("recent");
      },
      (join) => join.onTrue(),
    )
    .select("recent.id")
    .orderBy("recent.id", "desc")
    .limit(limit + 1);
}

/** A page of a project's tasks, newest first, and one row more when there is a next page. */
export async function selectTasks(
  db: Executor,
  projectId: string,
  filter: TaskFilter,
  page: PageRequest,
): Promise<TaskSummaryRow[]> {
  const { state, agent, eventId } = filter;
  const { limit, cursor } = page;
  const newestFirst = selectSummaries(db, projectId).orderBy("tasks.id", "desc");
  if (eventId === undefined && (state !== undefined || agent !== undefined)) {
    const ids = selectIdsByAgent(db, projectId, filter, page);
    return await newestFirst.where("tasks.id", "in", ids).execute();
  }
  let query = newestFirst.limit(limit + 1);
  // An event causes few tasks: what else is asked of them is looked for among these.
  if (eventId !== undefined) query = query.where("tasks.event_id", "=", eventId);
  if (state !== undefined) query = query.where("tasks.state", "=", state);
  const agentId = agent === undefined ? undefined : fromWireId("agent", agent);
  if (agentId !== undefined) query = query.where("agents.id", "=", agentId);
  else if (agent !== undefined) query = query.where("agents.name", "=", agent);
  if (cursor !== undefined) query = query.where("tasks.id", "<", cursor);
  return await query.execute();
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

/** One task of a project with all that is kept of it. */
export async function selectTask(db: Executor, projectId: string, id: string) {
  return await selectSummaries(db, projectId)
    .select(["tasks.input", "tasks.parameters", "tasks.progress", "tasks.result"])
    .where("tasks.id", "=", id)
    .executeTakeFirst();
}

/** A task with all that is kept of it. */
export type FullTaskRow = NonNullable<Awaited<ReturnType<typeof selectTask>>>;

/** Those of these tasks that are the project's, oldest first. */
export async function selectTasksById(
  db: Executor,
  projectId: string,
  ids: readonly string[],
): Promise<TaskSummaryRow[]> {
  if (ids.length === 0) return [];
  return await selectSummaries(db, projectId)
    .where("tasks.id", "in", [...ids])
    .orderBy("tasks.id")
    .execute();
}

/** One attempt at a task. */
export type TaskAttemptRow = Selectable<TaskAttemptsTable>;

/** The attempts at these tasks, the first at each task first; at most `limit`. */
export async function selectTaskAttempts(
  db: Executor,
  taskIds: readonly string[],
  limit: number,
): Promise<TaskAttemptRow[]> {
  if (taskIds.length === 0) return [];
  return await db.kysely
    .selectFrom("task_attempts")
    .selectAll()
    .where("task_id", "in", [...taskIds])
    .orderBy("task_id")
    .orderBy("attempt")
    .limit(limit)
    .execute();
}

/** Something a worker reported. */
export type TaskEventRow = Selectable<TaskEventsTable>;

/** Where a page of what workers reported begins: after (that is, before in time) this one. */
export interface TaskEventPosition {
  readonly attempt: number;
  readonly seq: number;
}

/** What workers reported of a task, newest first, and one row more than `limit` when there is more. */
export async function selectTaskEvents(
  db: Executor,
  taskId: string,
  limit: number,
  position: TaskEventPosition | undefined,
): Promise<TaskEventRow[]> {
  let query = db.kysely.selectFrom("task_events").selectAll().where("task_id", "=", taskId);
  if (position !== undefined)
    query = query.where((is) =>
      is(is.refTuple("attempt", "seq"), "<", is.tuple(position.attempt, String(position.seq))),
    );
  return await query
    .orderBy("attempt", "desc")
    .orderBy("seq", "desc")
    .limit(limit + 1)
    .execute();
}
