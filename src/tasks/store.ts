import type { Selectable } from "kysely";
import { fromWireId } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor } from "../platform/database.ts";
import { newestFirst } from "../platform/newest-first.ts";
import type { TaskAttemptsTable, TaskEventsTable, TasksTable } from "../platform/tables.ts";
import { taskStates } from "./task-state.ts";

/** A task's row. */
export type TaskRow = Selectable<TasksTable>;

/** Which tasks a list asks for. */
export interface TaskFilter {
  readonly state?: string | undefined;
  /** The agent's name or wire id; deleted agents count. */
  readonly agent?: string | undefined;
  /** A uuid. */
  readonly eventId?: string | undefined;
  readonly label?: string | undefined;
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
  "tasks.past_usages",
  "tasks.error",
  "tasks.created_at",
  "tasks.updated_at",
  "tasks.settled_at",
  "tasks.session_id",
  "tasks.labels",
  "tasks.erased_at",
] as const;

function selectSummaries(db: Executor, projectId: string) {
  return db.kysely
    .selectFrom("tasks")
    .innerJoin("agents", "agents.id", "tasks.agent_id")
    .select(summaryColumns)
    .select("agents.name as agent_name")
    .select((is) => {
      const standings = (...wanted: readonly string[]) =>
        is
          .selectFrom("task_keys")
          .select((of) => of.fn.max("task_keys.kind").as("kind"))
          .whereRef("task_keys.task_id", "=", "tasks.id")
          .where("task_keys.standing", "in", wanted);
      const dependencies = is
        .selectFrom("task_dependencies")
        .select("task_dependencies.task_id")
        .whereRef("task_dependencies.task_id", "=", "tasks.id");
      const isDue = is.and([is("tasks.state", "=", "submitted"), is("tasks.start_after", "is", null)]);
      const hasFailed = is("tasks.state", "in", ["failed", "rejected"]);
      const hasKeys = is("tasks.keys", "is not", null);
      return [
        // Looked for only where a task depends on others or has keys. Its turn comes before a place.
        is
          .case()
          .when(is.and([isDue, is("tasks.depends_on", "is not", null), is.exists(dependencies)]))
          .then("dependencies")
          .when(is.and([isDue, hasKeys]))
          .then(standings("away", "waiting"))
          .end()
          .as("waiting_for"),
        is
          .case()
          .when(is.and([hasFailed, hasKeys]))
          .then(standings("blocking"))
          .end()
          .as("blocks"),
      ];
    })
    .where("tasks.project_id", "=", projectId);
}

/** A task as lists show it. */
export type TaskSummaryRow = Awaited<ReturnType<ReturnType<typeof selectSummaries>["execute"]>>[number];

// The newest of each agent in each state, then the newest of these: an index holds them so. A project has few agents; an
// index by project and state beside it would cost every task three more writes.
const selectNewestIds = {
  text: `SELECT recent.id
         FROM agents a
         CROSS JOIN unnest($2::text[]) AS wanted (state)
         CROSS JOIN LATERAL (
           SELECT t.id FROM tasks t
           WHERE t.agent_id = a.id AND t.state = wanted.state AND t.id < $3
           ORDER BY t.id DESC NULLS LAST LIMIT $4
         ) AS recent
         WHERE a.project_id = $1 AND ($5::uuid IS NULL OR a.id = $5) AND ($6::text IS NULL OR a.name = $6)
         ORDER BY recent.id DESC LIMIT $4`,
};

const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** A page of a project's tasks, newest first, and one row more when there is a next page. */
export async function selectTasks(
  db: Executor,
  projectId: string,
  { state, agent, eventId, label }: TaskFilter,
  { limit, cursor = lastId }: PageRequest,
): Promise<TaskSummaryRow[]> {
  const agentId = agent === undefined ? undefined : fromWireId("agent", agent);
  if (eventId === undefined && label === undefined && (state !== undefined || agent !== undefined)) {
    const states = state === undefined ? taskStates : [state];
    const name = agentId === undefined ? agent : undefined;
    const values = [projectId, states, cursor, limit + 1, agentId ?? null, name ?? null];
    const newest = await db.query<{ id: string }>(selectNewestIds, values);
    const ids = newest.map((row) => row.id);
    return (await selectTasksById(db, projectId, ids)).toReversed();
  }
  let query = selectSummaries(db, projectId).where("tasks.id", "<", cursor);
  if (label !== undefined)
    query = query
      .innerJoin("task_labels", "task_labels.task_id", "tasks.id")
      .where("task_labels.project_id", "=", projectId)
      .where("task_labels.label", "=", label)
      .where("task_labels.task_id", "<", cursor);
  // An event causes few tasks: what else is asked of them is looked for among these.
  if (eventId !== undefined) query = query.where("tasks.event_id", "=", eventId);
  if (state !== undefined) query = query.where("tasks.state", "=", state);
  if (agentId !== undefined) query = query.where("agents.id", "=", agentId);
  else if (agent !== undefined) query = query.where("agents.name", "=", agent);
  return await query
    .orderBy("tasks.id", newestFirst)
    .limit(limit + 1)
    .execute();
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

/** Those of these ids that are tasks of the project. */
export async function selectTaskIds(db: Executor, projectId: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const query = db.kysely.selectFrom("tasks").select("id").where("project_id", "=", projectId);
  const rows = await query.where("id", "in", [...ids]).execute();
  return rows.map((row) => row.id);
}

/** One task of a project with all that is kept of it. */
export async function selectTask(db: Executor, projectId: string, id: string) {
  return await selectSummaries(db, projectId)
    .select(["tasks.input", "tasks.parameters", "tasks.progress", "tasks.result"])
    .select(["tasks.keys", "tasks.origin", "tasks.coalesced", "tasks.subscriber_id", "tasks.depends_on"])
    .select(["tasks.request", "tasks.request_expires_at", "tasks.answers", "tasks.approval"])
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
