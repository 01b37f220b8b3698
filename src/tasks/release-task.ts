import type { TaskServices } from "./announce-tasks.ts";
import { type Claim, lockHeldTask } from "./held-task.ts";
import { requeueTasks } from "./requeue-tasks.ts";
import { closeTaskAttempts } from "./settle-tasks.ts";

/** Gives a leased task back at once, charging no attempt. Throws ConflictError `lease_lost` when the lease is gone. */
export async function releaseTask(services: TaskServices, claim: Claim): Promise<{ readonly state: "submitted" }> {
  return await services.db.transaction(async (tx) => {
    const nowMs = services.clock.now();
    const task = await lockHeldTask(tx, claim, nowMs);
    await closeTaskAttempts(tx, [{ taskId: task.id, attempt: task.attempt, outcome: "released" }], new Date(nowMs));
    await requeueTasks(tx, services, [
      {
        taskId: task.id,
        agentId: task.agent_id,
        priority: task.priority,
        attemptsCharged: task.attempts_charged - 1,
      },
    ]);
    return { state: "submitted" };
  });
}
