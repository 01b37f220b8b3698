import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import type { TaskServices } from "./announce-tasks.ts";

/** Tells waiting workers how many tasks of which agents (by id) may be leased now, once the transaction has committed. */
export async function wakeWorkers(
  tx: Transaction,
  services: Services,
  counts: ReadonlyMap<string, number>,
): Promise<void> {
  await services.signals.emit(tx, "tasks", taskNews(counts));
}

/** How many tasks of which agents there are, in the words of the signal. */
export function taskNews(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].filter(([, count]) => count > 0).map(([agentId, count]) => `${agentId}:${count}`);
}

/** How many places of agents with a concurrency limit come free when these tasks are no longer under way, by agent's id. */
export async function countFreedPlaces(
  tx: Transaction,
  services: TaskServices,
  tasks: readonly { readonly agent_id: string }[],
): Promise<Map<string, number>> {
  const byAgent = Map.groupBy(tasks, (task) => task.agent_id);
  const agents = await services.agents.getMany(tx, byAgent.keys());
  return new Map(
    [...byAgent]
      .filter(([agentId]) => agents.get(agentId)?.limits.concurrency !== undefined)
      .map(([agentId, freed]) => [agentId, freed.length]),
  );
}
