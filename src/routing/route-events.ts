import type { EventRow } from "../events/insert-events.ts";
import { allDone } from "../lib/all-done.ts";
import { toWireId } from "../lib/ids.ts";
import { ownProvider } from "../lib/own-provider.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { enqueueTasks, type TaskDraft } from "../tasks/enqueue-tasks.ts";
import { decide, type Stop } from "./decide.ts";
import { type DecisionRow, insertDecisions, insertMisses, type MissesRow } from "./decision-store.ts";
import { draftTask } from "./draft-task.ts";
import type { EventDocument } from "./event-document.ts";
import { findOrigin } from "./guards/find-origin.ts";
import { ownOrigin } from "./guards/own-origin.ts";
import { insertPendingDecisions, type NewPendingDecision } from "./pending-store.ts";
import { type MatchOfEvent, resolveMatches } from "./resolve-matches.ts";
import type { RouteIndex } from "./route-index.ts";

/** An event, and what routes see of it that its row does not hold. */
export interface RoutedEvent {
  readonly row: Omit<EventRow, "contentType" | "key" | "bodyHash">;
  readonly source: { readonly wireId: string; readonly name: string };
  /** Parsed. */
  readonly body: unknown;
}

/** The routes of each project, by its id. */
export type RoutesOfProjects = ReadonlyMap<string, RouteIndex>;

/** The document that routes see of an event. */
export function documentOf({ row, source, body }: RoutedEvent): EventDocument {
  return {
    id: toWireId("event", row.id),
    type: row.type,
    provider: row.provider,
    source: { id: source.wireId, name: source.name },
    deliveryId: row.deliveryId,
    receivedAt: row.receivedAt.toISOString(),
    headers: row.headers,
    body,
  };
}

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
  const matched: MatchOfEvent[] = [];
  const decisions: DecisionRow[] = [];
  const misses: MissesRow[] = [];
  for (const event of events) {
    const { id, projectId, type, sourceId, deliveryId, provider } = event.row;
    const decided = decide(routesOf.get(projectId), {
      summary: { id, type, sourceId, deliveryId, ...(generation === 0 ? {} : { generation }) },
      provider,
      document: () => documentOf(event),
      origin: () =>
        provider === ownProvider
          ? ownOrigin(event.body)
          : findOrigin(services.originKeys.all, event.row.headers, event.row.body),
    });
    for (const match of decided.matches) matched.push({ ...match, projectId });
    for (const stop of decided.stops) {
      decisions.push({ ...stop, eventId: id, generation });
      logStop(services, id, stop);
    }
    if (decided.misses.length > 0) misses.push({ eventId: id, generation, misses: decided.misses });
  }

  const now = new Date(services.clock.now());
  const drafts: TaskDraft[] = [];
  const pending: NewPendingDecision[] = [];
  for (const match of await resolveMatches(tx, services, matched, generation)) {
    const { route, projectId, candidate, agent, fault } = match;
    const eventId = candidate.event.id;
    const decided = { eventId, generation, routeId: route.id };
    if (agent === undefined) decisions.push({ ...decided, outcome: "held", reason: "agent_deleted" });
    else if (fault !== undefined)
      decisions.push({ ...decided, outcome: "failed", reason: "render_error", detail: fault });
    else if (match.isGuarded) pending.push({ ...decided, projectId, agentId: agent.id, routedAt: now, candidate });
    else {
      const draft = draftTask(services.newId(), { projectId, routeId: route.id, agent, candidate });
      drafts.push(draft);
      // A first match needs no word of its own: its task says it.
      if (generation > 0) decisions.push({ ...decided, outcome: "matched", taskId: draft.id });
    }
  }
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
  const tasks = new Map<string, number>();
  for (const { event } of drafts) if (event !== undefined) tasks.set(event.id, (tasks.get(event.id) ?? 0) + 1);
  return tasks;
}

function logStop(services: TaskServices, eventId: string, { outcome, routeId, detail }: Stop): void {
  if (outcome !== "failed") return;
  services.log.warn(
    { unit: "route", eventId: toWireId("event", eventId), routeId: toWireId("route", routeId), reason: detail },
    "a route matched, but its task could not be rendered",
  );
}
