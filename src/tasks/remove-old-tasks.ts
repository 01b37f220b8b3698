import type { Database, Transaction } from "../platform/database.ts";
import { type OldRows, walkOldRows } from "../platform/old-rows.ts";
import { isTerminal, taskStates } from "./task-state.ts";

// The index of a project's tasks, read backwards.
const selectOld = `SELECT id FROM tasks WHERE project_id = $1 AND id > $2 AND id < $3 ORDER BY id NULLS FIRST LIMIT $4`;

// Whoever retries one has it locked, and it is passed over.
const lockSettled = {
  name: "lock_old_tasks",
  text: `SELECT id FROM tasks WHERE id = ANY ($1) AND state = ANY ($2) AND settled_at < $3 FOR UPDATE SKIP LOCKED`,
};

// A statement after the lock, so that it sees what was committed before that was had. What others still wait for stays: a
// place in the line of a key, the end that a dependent is to hear of, an A2A client that has not been told.
const selectFree = {
  name: "select_free_old_tasks",
  text: `SELECT i.id FROM unnest($1::uuid[]) AS i (id)
         WHERE NOT EXISTS (SELECT FROM task_keys k WHERE k.task_id = i.id
                             AND (k.standing <> 'kept' OR k.expires_at IS NULL OR k.expires_at > $2))
           AND NOT EXISTS (SELECT FROM task_dependencies d WHERE d.task_id = i.id OR d.dependency_id = i.id)
           AND NOT EXISTS (SELECT FROM a2a_push_configs p WHERE p.task_id = i.id AND NOT p.ended)`,
};

// Labels by their key, which begins with the project and the label.
const deleteTasks = {
  name: "delete_old_tasks",
  text: `WITH labels AS (
           DELETE FROM task_labels l USING tasks t, unnest(t.labels) AS own (label)
           WHERE t.id = ANY ($1) AND l.project_id = t.project_id AND l.label = own.label AND l.task_id = t.id
         ), attempts AS (DELETE FROM task_attempts WHERE task_id = ANY ($1)),
         events AS (DELETE FROM task_events WHERE task_id = ANY ($1)),
         contents AS (DELETE FROM artifacts WHERE task_id = ANY ($1)),
         keys AS (DELETE FROM task_keys WHERE task_id = ANY ($1)),
         pushes AS (DELETE FROM a2a_push_configs WHERE task_id = ANY ($1)),
         calls AS (DELETE FROM a2a_calls WHERE task_id = ANY ($1)),
         answers AS (DELETE FROM a2a_answers WHERE task_id = ANY ($1)),
         a2a AS (DELETE FROM a2a_tasks WHERE task_id = ANY ($1))
         DELETE FROM tasks WHERE id = ANY ($1)`,
};

const settledStates = taskStates.filter(isTerminal);

async function removeSettled(tx: Transaction, ids: readonly string[], before: Date, now: Date): Promise<number> {
  const locked = await tx.query<{ id: string }>(lockSettled, [ids, settledStates, before]);
  if (locked.length === 0) return 0;
  const free = await tx.query<{ id: string }>(selectFree, [locked.map(({ id }) => id), now]);
  if (free.length > 0) await tx.query(deleteTasks, [free.map(({ id }) => id)]);
  return free.length;
}

/** Removes a project's tasks that settled long enough ago and that nothing waits for, with all that hangs on them. */
export async function removeOldTasks(db: Database, old: OldRows, now: Date): Promise<number> {
  return await walkOldRows(db, old, { text: selectOld }, (tx, ids) => removeSettled(tx, ids, old.before, now));
}
