import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { decideEvents, type RoutedEvent, type RoutesOfProjects } from "./decide-events.ts";
import { countTasks, storeEventDecisions } from "./store-event-decisions.ts";

/**
 * Lets the routes of their projects decide on events that the same transaction stores: a plain match becomes a task at once; one
 * whose guards need the database waits in its route's lane. Answers with how many tasks each event made, by its id. What goes
 * wrong in one route is written down, and stops nothing.
 */
export async function routeEvents(
  tx: Transaction,
  services: TaskServices,
  routesOf: RoutesOfProjects,
  events: readonly RoutedEvent[],
): Promise<Map<string, number>> {
  return await routeGeneration(tx, services, routesOf, events, 0);
}

/**
 * Lets routes decide on stored events again, as this generation (above 0), in the order given. An event may be routed once in
 * each generation of its project.
 */
export async function rerouteEvents(
  tx: Transaction,
  services: TaskServices,
  routesOf: RoutesOfProjects,
  events: readonly RoutedEvent[],
  generation: number,
): Promise<Map<string, number>> {
  return await routeGeneration(tx, services, routesOf, events, generation);
}

async function routeGeneration(
  tx: Transaction,
  services: TaskServices,
  routesOf: RoutesOfProjects,
  events: readonly RoutedEvent[],
  generation: number,
): Promise<Map<string, number>> {
  const decided = await decideEvents(tx, services, routesOf, events, generation);
  await storeEventDecisions(tx, services, decided);
  return countTasks(decided);
}
