import type { QueueOptions } from "../platform/queue.ts";

/** Where tasks land whose job pg-boss gave up on. */
export const deadTaskQueue = "tasks.dead";

/** The name of an agent's queue. A job's id is its task's. */
export function agentQueue(agentId: string): string {
  return `agent.${agentId}`;
}

/**
 * How an agent's queue treats its jobs. The task's row holds its lease, its attempts and when it is due; a job never
 * retries by itself. pg-boss only steps in when a job outlives any attempt (its limit is a day).
 */
export const agentQueueOptions: QueueOptions = {
  deadLetter: deadTaskQueue,
  retryLimit: 0,
  expireInSeconds: 86_399,
};
