import { allDone } from "../lib/all-done.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { enqueueTasks } from "../tasks/enqueue-tasks.ts";
import type { EventDecisions } from "./decide-events.ts";
import { type DecisionRow, insertDecisions, insertMisses } from "./decision-store.ts";
import { insertPendingDecisions } from "./pending-store.ts";

/** Those of the decisions that are about these events. */
export function decisionsOf(decided: EventDecisions, eventIds: ReadonlySet<string>): EventDecisions {
  const isOf = ({ eventId }: { readonly eventId: string }): boolean => eventIds.has(eventId);
  return {
    drafts: decided.drafts.filter(({ event }) => event !== undefined && eventIds.has(event.id)),
    pending: decided.pending.filter(isOf),
    decisions: decided.decisions.filter(isOf),
    misses: decided.misses.filter(isOf),
  };
}

/** Stores what was decided, in the transaction that stores the events: tasks, what waits in a lane, and the decisions. */
export async function storeEventDecisions(
  tx: Transaction,
  services: TaskServices,
  { drafts, pending, decisions, misses }: EventDecisions,
): Promise<void> {
  const now = new Date(services.clock.now());
  for (const decision of decisions) logFailure(services, decision);
  await allDone([
    enqueueTasks(tx, services, drafts),
    insertPendingDecisions(tx, pending),
    insertDecisions(tx, decisions, now),
    insertMisses(tx, misses, now),
    services.signals.emit(
      tx,
      "decisions",
      pending.map((row) => row.routeId),
    ),
  ]);
}

function logFailure(services: TaskServices, { outcome, eventId, routeId, detail }: DecisionRow): void {
  if (outcome !== "failed") return;
  services.log.warn(
    { unit: "route", eventId: toWireId("event", eventId), routeId: toWireId("route", routeId), reason: detail },
    "a route matched, but its task could not be rendered",
  );
}

/** How many tasks each event made at once, by its id. */
export function countTasks({ drafts }: EventDecisions): Map<string, number> {
  const tasks = new Map<string, number>();
  for (const { event } of drafts) if (event !== undefined) tasks.set(event.id, (tasks.get(event.id) ?? 0) + 1);
  return tasks;
}
