import type { TaskServices } from "./announce-tasks.ts";
import { type Claim, lockHeldTask } from "./held-task.ts";
import { requeueTasks } from "./requeue-tasks.ts";

/**
 * Gives a leased task back at once, charging no attempt: it stands in the queue where it stood. Throws ConflictError
 * `lease_lost` when the lease is gone.
 */
export async function releaseTask(services: TaskServices, claim: Claim): Promise<{ readonly state: "submitted" }> {
  return await services.db.transaction(async (tx) => {
    const task = await lockHeldTask(tx, services, claim);
    await requeueTasks(tx, services, [
      { taskId: task.id, attemptsCharged: task.attempts_charged - 1, ended: { outcome: "released" } },
    ]);
    return { state: "submitted" };
  });
}
