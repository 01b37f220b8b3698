import type { TaskServices } from "./announce-tasks.ts";
import { settleTasks } from "./settle-tasks.ts";

const maxBatch = 200;

// Whoever changes one of them right now goes first: the next run has it.
const lockSuperseded = {
  name: "lock_superseded_tasks",
  text: `SELECT id FROM tasks
         WHERE id IN (SELECT task_id FROM task_keys WHERE superseded LIMIT ${maxBatch})
         ORDER BY id FOR UPDATE SKIP LOCKED`,
};

/**
 * Cancels the tasks whose place newer ones of their key want, which then go on: a transaction of its own, since whoever makes
 * a task has locked its keys and may not wait for the rows of others. Answers how many; call again until there is none.
 */
export async function cancelSuperseded(services: TaskServices): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const rows = await tx.query<{ id: string }>(lockSuperseded, []);
    const settlements = rows.map((row) => ({ taskId: row.id, to: "canceled" as const, reason: "superseded" }));
    return (await settleTasks(tx, services, settlements)).size;
  });
}
