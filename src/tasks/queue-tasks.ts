import { agentQueue } from "../agents/agent-queue.ts";
import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { wakeWorkers } from "./wake-workers.ts";

/** A task that may be leased from now on. */
export interface DueTask {
  readonly id: string;
  readonly agentId: string;
  readonly priority: number;
}

/**
 * Puts a job for each task into its agent's queue and tells the waiting workers how many there are, in the caller's
 * transaction. The job's id is the task's.
 */
export async function queueTasks(tx: Transaction, services: Services, tasks: readonly DueTask[]): Promise<void> {
  if (tasks.length === 0) return;
  const byAgent = Map.groupBy(tasks, (task) => task.agentId);
  const inserted = [...byAgent].map(([agentId, due]) => {
    const jobs = due.map(({ id, priority }) => ({ id, priority }));
    return services.queue.insert(tx, agentQueue(agentId), jobs);
  });
  const told = wakeWorkers(tx, services, new Map([...byAgent].map(([agentId, due]) => [agentId, due.length])));
  await allDone([...inserted, told]);
}
