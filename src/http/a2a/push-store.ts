import type { Executor, Transaction } from "../../platform/database.ts";
import type { TaskState } from "../../tasks/task-state.ts";

/** Whom to call when a task changes, as it is stored. */
export interface PushConfigRow {
  readonly task_id: string;
  readonly id: string;
  readonly project_id: string;
  readonly url: string;
  /** The token and the credentials to be shown there. */
  readonly sealed: Buffer | null;
  /** The protocol's version in which it was asked for, and is told. */
  readonly version: string;
  readonly failures: number;
}

/** One that has something to be told. */
export interface DuePush extends PushConfigRow {
  readonly state: TaskState;
}

const columns = "p.task_id, p.id, p.project_id, p.url, p.sealed, p.version, p.failures";

const upsertConfig = {
  name: "upsert_a2a_push",
  text: `INSERT INTO a2a_push_configs (task_id, id, project_id, url, sealed, version, due_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (task_id, id) DO UPDATE SET
           url = excluded.url, sealed = excluded.sealed, version = excluded.version, due_at = excluded.due_at,
           told = NULL, failures = 0, last_error = NULL, ended = false`,
};

const selectConfigs = {
  name: "select_a2a_pushes",
  text: `SELECT ${columns} FROM a2a_push_configs p WHERE p.task_id = $1 AND p.project_id = $2 ORDER BY p.created_at, p.id`,
};

const deleteConfig = {
  name: "delete_a2a_push",
  text: "DELETE FROM a2a_push_configs WHERE task_id = $1 AND project_id = $2 AND id = $3",
};

// Compared with the tasks themselves, so that nothing that moves a task need know of these: there are few of them, and what
// changed twice in between is told once.
const claimDue = {
  name: "claim_a2a_pushes",
  text: `UPDATE a2a_push_configs p SET due_at = $2
         FROM (
           SELECT c.task_id, c.id, t.state FROM a2a_push_configs c JOIN tasks t ON t.id = c.task_id
           WHERE NOT c.ended AND c.due_at <= $1 AND t.state IS DISTINCT FROM c.told
           ORDER BY c.due_at LIMIT $3 FOR UPDATE OF c SKIP LOCKED
         ) due
         WHERE p.task_id = due.task_id AND p.id = due.id
         RETURNING ${columns}, due.state`,
};

const recordPush = {
  name: "record_a2a_push",
  text: `UPDATE a2a_push_configs SET told = coalesce($3, told), failures = $4, last_error = $5, ended = $6, due_at = $7
         WHERE task_id = $1 AND id = $2`,
};

/** Stores a config, over one with its id. */
export async function storePushConfig(
  tx: Transaction,
  config: Omit<PushConfigRow, "failures"> & { readonly at: Date },
): Promise<void> {
  const { task_id, id, project_id, url, sealed, version, at } = config;
  await tx.query(upsertConfig, [task_id, id, project_id, url, sealed, version, at]);
}

/** A task's configs, the first first. */
export async function selectPushConfigs(db: Executor, projectId: string, taskId: string): Promise<PushConfigRow[]> {
  return await db.query<PushConfigRow>(selectConfigs, [taskId, projectId]);
}

/** Forgets a config; nothing happens when there is none. */
export async function deletePushConfig(db: Executor, projectId: string, taskId: string, id: string): Promise<void> {
  await db.query(deleteConfig, [taskId, projectId, id]);
}

/** Takes configs whose tasks have changed since they were told, until `until`: then somebody else may. */
export async function claimDuePushes(db: Executor, now: Date, until: Date, limit: number): Promise<DuePush[]> {
  return await db.query<DuePush>(claimDue, [now, until, limit]);
}

/** How a call went. */
export interface PushRecord {
  /** The state that is known there now; undefined when it could not be told. */
  readonly told: TaskState | undefined;
  readonly failures: number;
  readonly error: string | undefined;
  /** Nothing more is told. */
  readonly ended: boolean;
  readonly dueAt: Date;
}

/** Writes down how a call went. */
export async function recordPushOutcome(
  db: Executor,
  { task_id, id }: Pick<PushConfigRow, "task_id" | "id">,
  { told, failures, error, ended, dueAt }: PushRecord,
): Promise<void> {
  await db.query(recordPush, [task_id, id, told ?? null, failures, error ?? null, ended, dueAt]);
}
