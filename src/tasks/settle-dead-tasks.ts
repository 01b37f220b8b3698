import type { TaskServices } from "./announce-tasks.ts";
import { settleTasks } from "./settle-tasks.ts";

// Settled meanwhile, or under a lease that still runs: the row is the truth, and the job only carried it.
const selectForsaken = {
  name: "select_forsaken_tasks",
  text: `SELECT id FROM tasks
         WHERE id = ANY ($1)
           AND (state = 'submitted' AND start_after IS NULL OR state = 'working' AND lease_expires_at <= $2)
         ORDER BY id FOR UPDATE`,
};

/** Settles tasks as failed whose job pg-boss gave up on, and announces it. They stay redrivable. */
export async function settleDeadTasks(services: TaskServices, taskIds: readonly string[]): Promise<void> {
  await services.db.transaction(async (tx) => {
    const rows = await tx.query<{ id: string }>(selectForsaken, [taskIds, new Date(services.clock.now())]);
    await settleTasks(
      tx,
      services,
      rows.map((row) => ({ taskId: row.id, to: "failed" as const, reason: "dead_lettered" })),
    );
  });
}
