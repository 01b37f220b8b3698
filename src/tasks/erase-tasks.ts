import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { settleTasks } from "./settle-tasks.ts";
import { isTerminal, type TaskState } from "./task-state.ts";

const lockTasks = {
  name: "lock_tasks_of_event",
  text: "SELECT id, state FROM tasks WHERE event_id = $1 ORDER BY id FOR UPDATE",
};

// Keys come from the payload; one that still holds up others is needed to let them go on.
const eraseStatement = {
  name: "erase_tasks",
  text: `WITH attempts AS (UPDATE task_attempts SET error = NULL WHERE task_id = ANY ($1)),
         events AS (UPDATE task_events SET data = NULL WHERE task_id = ANY ($1)),
         contents AS (
           UPDATE artifacts SET content = '', size = 0, sha256 = sha256(''), title = NULL, metadata = NULL, report = NULL
           WHERE task_id = ANY ($1)
         )
         UPDATE tasks t
         SET input = '""', parameters = NULL, progress = NULL, result = NULL, error = NULL, request = NULL, answers = NULL,
             session_id = NULL, erased_at = $2,
             keys = CASE WHEN EXISTS (SELECT FROM task_keys k WHERE k.task_id = t.id AND k.standing = 'blocking') THEN t.keys END
         WHERE t.id = ANY ($1) AND t.erased_at IS NULL`,
};

/**
 * Takes what the tasks of an event were made of, and what came of them, out of them for good: input, parameters, result,
 * what was reported, and the contents of artifacts. Those that have not ended are canceled, with the reason `erased`.
 * Answers with their uuids.
 */
export async function eraseTasksOf(tx: Transaction, services: TaskServices, eventId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string; state: TaskState }>(lockTasks, [eventId]);
  if (rows.length === 0) return [];
  const open = rows.filter(({ state }) => !isTerminal(state));
  await settleTasks(
    tx,
    services,
    open.map(({ id }) => ({ taskId: id, to: "canceled", reason: "erased" })),
  );
  const ids = rows.map(({ id }) => id);
  await tx.query(eraseStatement, [ids, new Date(services.clock.now())]);
  return ids;
}
