import { deadTaskQueue } from "../agents/agent-queue.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { settleTasks } from "./settle-tasks.ts";

const maxBatch = 100;
const reason = "dead_lettered";

// Settled meanwhile, redriven and waiting for others, or under a lease that still runs: the rows are the truth, and the job
// only carried the task.
const selectForsaken = {
  name: "select_forsaken_tasks",
  text: `SELECT id FROM tasks
         WHERE id = ANY ($1)
           AND (state = 'submitted' AND start_after IS NULL OR state = 'working' AND lease_expires_at <= $2)
           AND NOT EXISTS (SELECT FROM task_keys k WHERE k.task_id = tasks.id AND k.standing IN ('away', 'waiting'))
           AND NOT EXISTS (SELECT FROM task_dependencies d WHERE d.task_id = tasks.id)
         ORDER BY id FOR UPDATE`,
};

/**
 * Settles tasks as failed whose job pg-boss gave up on, and announces it. They stay redrivable; one that has been redriven
 * already has a new job, and is left alone. Answers how many jobs there were.
 */
export async function settleDeadTasks(services: TaskServices): Promise<number> {
  const { dead, failed } = await services.db.transaction(async (tx) => {
    const jobs = await services.queue.takeDead(tx, deadTaskQueue, maxBatch);
    if (jobs.length === 0) return { dead: 0, failed: 0 };
    const values = [jobs.map((job) => job.sourceId), new Date(services.clock.now())];
    const forsaken = await tx.query<{ id: string }>(selectForsaken, values);
    const carried = await services.queue.selectUnfinished(tx, jobs);
    const settled = await settleTasks(
      tx,
      services,
      forsaken
        .filter((row) => !carried.has(row.id))
        .map((row) => ({ taskId: row.id, to: "failed" as const, reason, outcome: reason })),
    );
    return { dead: jobs.length, failed: settled.size };
  });
  if (dead > 0) services.log.warn({ unit: "dead tasks", dead, failed }, "the queue gave up on tasks");
  return dead;
}
