import { toWireId } from "../lib/ids.ts";
import type { OriginMark } from "../lib/origin-marker.ts";
import { ownProvider } from "../lib/own-provider.ts";
import type { Executor } from "../platform/database.ts";
import type { EventRow } from "../events/insert-events.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import type { TaskDraft } from "../tasks/enqueue-tasks.ts";
import { decide } from "./decide.ts";
import type { DecisionRow, MissesRow } from "./decision-store.ts";
import { draftTask } from "./draft-task.ts";
import type { EventDocument } from "./event-document.ts";
import { findOrigin } from "./guards/find-origin.ts";
import { ownOrigin } from "./guards/own-origin.ts";
import type { NewPendingDecision } from "./pending-store.ts";
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

/**
 * Which task of this hub caused an event, if one did.
 *
 * @param keys those that sign the hub's markers, retired ones included
 */
export function originOf({ row, body }: RoutedEvent, keys: readonly Buffer[]): OriginMark | undefined {
  return row.provider === ownProvider ? ownOrigin(body) : findOrigin(keys, row.headers, row.body);
}

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

/** What routes decided on events, and what is to be stored of it. */
export interface EventDecisions {
  /** Of plain matches: tasks at once. */
  readonly drafts: readonly TaskDraft[];
  /** Of matches whose guards need the database. */
  readonly pending: readonly NewPendingDecision[];
  readonly decisions: readonly DecisionRow[];
  readonly misses: readonly MissesRow[];
}

/**
 * Lets the routes of their projects decide on events, in the order given, and stores nothing. What goes wrong in one route
 * is among the decisions, and stops nothing.
 */
export async function decideEvents(
  db: Executor,
  services: TaskServices,
  routesOf: RoutesOfProjects,
  events: readonly RoutedEvent[],
  generation: number,
): Promise<EventDecisions> {
  const matched: MatchOfEvent[] = [];
  const decisions: DecisionRow[] = [];
  const misses: MissesRow[] = [];
  for (const event of events) {
    const { id, projectId, type, sourceId, deliveryId, provider } = event.row;
    const decided = decide(routesOf.get(projectId), {
      summary: { id, type, sourceId, deliveryId, ...(generation === 0 ? {} : { generation }) },
      provider,
      document: () => documentOf(event),
      origin: () => originOf(event, services.originKeys.all),
    });
    for (const match of decided.matches) matched.push({ ...match, projectId });
    for (const stop of decided.stops) {
      decisions.push({ ...stop, eventId: id, generation });
    }
    if (decided.misses.length > 0) misses.push({ eventId: id, generation, misses: decided.misses });
  }

  const routedAt = new Date(services.clock.now());
  const drafts: TaskDraft[] = [];
  const pending: NewPendingDecision[] = [];
  for (const match of await resolveMatches(db, services, matched, generation)) {
    const { route, projectId, candidate, agent, fault } = match;
    const eventId = candidate.event.id;
    const decided = { eventId, generation, routeId: route.id };
    if (agent === undefined) decisions.push({ ...decided, outcome: "held", reason: "agent_deleted" });
    else if (fault !== undefined)
      decisions.push({ ...decided, outcome: "failed", reason: "render_error", detail: fault });
    else if (match.isGuarded) pending.push({ ...decided, projectId, agentId: agent.id, routedAt, candidate });
    else {
      const draft = draftTask(services.newId(), { projectId, routeId: route.id, agent, candidate });
      drafts.push(draft);
      // A first match needs no word of its own: its task says it.
      if (generation > 0) decisions.push({ ...decided, outcome: "matched", taskId: draft.id });
    }
  }
  return { drafts, pending, decisions, misses };
}
