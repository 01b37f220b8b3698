import { toWireId } from "../lib/ids.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { settleTasks } from "./settle-tasks.ts";

const maxBatch = 200;
const reason = "dependency_failed";

const lockForsaken = {
  name: "lock_tasks_of_failed_dependencies",
  text: `SELECT t.id, (SELECT d.dependency_id FROM task_dependencies d WHERE d.task_id = t.id AND d.failed LIMIT 1)
                AS dependency_id
         FROM tasks t
         WHERE t.id IN (SELECT task_id FROM task_dependencies WHERE failed LIMIT ${maxBatch})
         ORDER BY t.id FOR UPDATE SKIP LOCKED`,
};

/**
 * Fails the tasks that depend on one that did not complete. Those that depend on them are left for the next run, so a chain
 * of any length is many small transactions. Answers how many; call again until there is none.
 */
export async function failDependents(services: TaskServices): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const rows = await tx.query<{ id: string; dependency_id: string }>(lockForsaken, []);
    const settlements = rows.map(({ id, dependency_id }) => ({
      taskId: id,
      to: "failed" as const,
      reason,
      error: { code: reason, message: `The task ${toWireId("task", dependency_id)} did not complete.` },
    }));
    return (await settleTasks(tx, services, settlements)).size;
  });
}
