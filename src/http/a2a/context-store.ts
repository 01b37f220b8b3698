import type { Executor } from "../../platform/database.ts";

/** What a client called a task's conversation and its first message. */
export interface TaskContext {
  readonly taskId: string;
  readonly contextId: string;
  readonly messageId: string;
}

interface ContextRow {
  readonly task_id: string;
  readonly context_id: string;
  readonly message_id: string;
}

const insertContext = {
  name: "insert_a2a_task",
  text: `INSERT INTO a2a_tasks (task_id, project_id, context_id, message_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (task_id) DO NOTHING`,
};

const selectOfTasks = {
  name: "select_a2a_tasks",
  text: "SELECT task_id, context_id, message_id FROM a2a_tasks WHERE task_id = ANY ($1)",
};

// One too many, to know whether there is a next page.
const selectOfContext = {
  name: "select_a2a_tasks_of_context",
  text: `SELECT c.task_id FROM a2a_tasks c JOIN tasks t ON t.id = c.task_id
         WHERE c.project_id = $1 AND c.context_id = $2 AND c.task_id < $3 AND ($4::text IS NULL OR t.state = $4)
         ORDER BY c.task_id DESC LIMIT $5`,
};

const insertAnswer = {
  name: "insert_a2a_answer",
  text: "INSERT INTO a2a_answers (task_id, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING task_id",
};

const deleteAnswer = {
  name: "delete_a2a_answer",
  text: "DELETE FROM a2a_answers WHERE task_id = $1 AND message_id = $2",
};

/** Keeps what a client called a task; the first call counts. */
export async function storeContext(db: Executor, projectId: string, context: TaskContext): Promise<void> {
  await db.query(insertContext, [context.taskId, projectId, context.contextId, context.messageId]);
}

/** What clients called these tasks, by the tasks' uuids; those that no client made are not among them. */
export async function selectContexts(
  db: Executor,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, TaskContext>> {
  const rows = taskIds.length === 0 ? [] : await db.query<ContextRow>(selectOfTasks, [taskIds]);
  return new Map(
    rows.map((row) => [row.task_id, { taskId: row.task_id, contextId: row.context_id, messageId: row.message_id }]),
  );
}

/** Which tasks of a conversation are asked for. */
export interface ContextFilter {
  readonly contextId: string;
  readonly state: string | undefined;
  readonly before: string;
  readonly limit: number;
}

/** The uuids of a conversation's tasks, newest first, and one more when there is a next page. */
export async function selectTasksOfContext(
  db: Executor,
  projectId: string,
  { contextId, state, before, limit }: ContextFilter,
): Promise<string[]> {
  const values = [projectId, contextId, before, state ?? null, limit + 1];
  return (await db.query<{ task_id: string }>(selectOfContext, values)).map((row) => row.task_id);
}

/** Takes down that this message answers the task; false when it has done so already. */
export async function claimAnswer(db: Executor, taskId: string, messageId: string): Promise<boolean> {
  return (await db.query(insertAnswer, [taskId, messageId])).length > 0;
}

/** Forgets an answer that was not taken. */
export async function releaseAnswer(db: Executor, taskId: string, messageId: string): Promise<void> {
  await db.query(deleteAnswer, [taskId, messageId]);
}
