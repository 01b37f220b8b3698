import { firstIdAt } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import type { TaskState } from "./task-state.ts";
import type { TaskUsage } from "./total-usage.ts";

/** What a report counts of a task. */
export interface LabelledTask extends TaskUsage {
  readonly id: string;
  readonly agent_name: string;
  readonly state: TaskState;
  readonly attempt: number;
  /** From when it was due until it was first leased; null: it never was. */
  readonly wait_seconds: number | null;
  /** From its last lease to its end; null: it has not ended, or nobody worked on it. */
  readonly run_seconds: number | null;
}

/** The artifacts of one media type. */
export interface ArtifactSum {
  readonly content_type: string;
  readonly artifacts: number;
  readonly bytes: number;
}

/** Which tasks a report is about. */
export interface LabelledTasks {
  readonly projectId: string;
  readonly label: string;
  /** Created at this moment or later. */
  readonly from: Date;
  /** Created before this moment. */
  readonly to: Date;
  /** Uuids; undefined: of all. */
  readonly agentIds: readonly string[] | undefined;
}

// Newest first, as the index has them.
const selectPage = {
  name: "select_labelled_tasks",
  text: `SELECT t.id, a.name AS agent_name, t.state, t.attempt, t.usage, t.past_usages,
                extract(epoch FROM w.first_started_at - coalesce(t.start_after, t.created_at))::float8 AS wait_seconds,
                extract(epoch FROM t.settled_at - w.last_started_at)::float8 AS run_seconds
         FROM task_labels l
         JOIN tasks t ON t.id = l.task_id
         JOIN agents a ON a.id = t.agent_id
         CROSS JOIN LATERAL (
           SELECT min(started_at) AS first_started_at, max(started_at) AS last_started_at
           FROM task_attempts WHERE task_id = t.id
         ) w
         WHERE l.project_id = $1 AND l.label = $2 AND l.task_id >= $3 AND l.task_id < $4
           AND ($5::uuid[] IS NULL OR t.agent_id = ANY ($5))
         ORDER BY l.task_id DESC NULLS LAST LIMIT $6`,
};

/** The newest `limit` of these tasks, older than the task `before`. */
export async function selectLabelledTasks(
  db: Executor,
  { projectId, label, from, to, agentIds }: LabelledTasks,
  before: string | undefined,
  limit: number,
): Promise<LabelledTask[]> {
  const bounds = [firstIdAt(from.getTime()), before ?? firstIdAt(to.getTime())];
  return await db.query<LabelledTask>(selectPage, [projectId, label, ...bounds, agentIds ?? null, limit]);
}

const sumArtifacts = {
  name: "sum_artifacts_of_tasks",
  text: `SELECT rtrim(lower(split_part(content_type, ';', 1))) AS content_type, count(*)::int AS artifacts,
                sum(size)::float8 AS bytes
         FROM artifacts WHERE task_id = ANY ($1) GROUP BY 1`,
};

/** The artifacts of these tasks, by media type. */
export async function sumArtifactsOf(db: Executor, taskIds: readonly string[]): Promise<ArtifactSum[]> {
  return taskIds.length === 0 ? [] : await db.query<ArtifactSum>(sumArtifacts, [taskIds]);
}
