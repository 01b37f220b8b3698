import type { TaskServices } from "./announce-tasks.ts";
import { queueTasks } from "./queue-tasks.ts";

interface DueRow {
  readonly id: string;
  readonly agent_id: string;
  readonly priority: number;
}

const maxBatch = 500;

const takeDue = {
  name: "take_due_tasks",
  text: `UPDATE tasks SET start_after = NULL
         WHERE id IN (SELECT id FROM tasks WHERE start_after <= $1 ORDER BY start_after LIMIT ${maxBatch}
                      FOR UPDATE SKIP LOCKED)
         RETURNING id, agent_id, priority`,
};

/** Gives a job to each task whose time has come. Answers how many; call again while it is a full batch. */
export async function promoteDueTasks(services: TaskServices): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const due = await tx.query<DueRow>(takeDue, [new Date(services.clock.now())]);
    await queueTasks(
      tx,
      services,
      due.map((row) => ({ id: row.id, agentId: row.agent_id, priority: row.priority })),
    );
    return due.length;
  });
}
