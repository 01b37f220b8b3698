import type { TaskServices } from "./announce-tasks.ts";
import { type Claim, lockHeldTask } from "./held-task.ts";

const extendToDeadline = {
  name: "extend_lease_to_deadline",
  text: "UPDATE tasks SET lease_expires_at = deadline_at, updated_at = $2 WHERE id = $1",
};

/**
 * Lets an attempt go on without heartbeats until its deadline: whoever does it was handed the lease's token, and calls when
 * it is done. No process has to live on for that. Throws ConflictError `lease_lost` when the lease is gone, as it is when the
 * call came first.
 */
export async function awaitCallback(services: TaskServices, claim: Claim): Promise<void> {
  await services.db.transaction(async (tx) => {
    const task = await lockHeldTask(tx, services, claim);
    await tx.query(extendToDeadline, [task.id, new Date(services.clock.now())]);
  });
}
