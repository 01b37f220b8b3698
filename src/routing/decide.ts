import type { EventDocument } from "./event-document.ts";
import type { CompiledRoute } from "./route-cache.ts";
import type { RenderedTask } from "./task-template.ts";

/** A task that a route wants done. */
export interface Decision {
  readonly routeId: string;
  readonly agentId: string;
  readonly task: Extract<RenderedTask, { ok: true }>;
}

/** A route that matched, but could not say what to do. */
export interface RoutingFailure {
  readonly routeId: string;
  readonly message: string;
}

/** What became of one event. */
export interface Decisions {
  readonly decisions: readonly Decision[];
  readonly failures: readonly RoutingFailure[];
}

/** Decides which routes turn an event into tasks: pure, and one route's failure does not touch the others. */
export function decide(
  routes: readonly CompiledRoute[],
  sourceId: string,
  makeDocument: () => EventDocument,
  eventType: string,
  provider: string,
): Decisions {
  const decisions: Decision[] = [];
  const failures: RoutingFailure[] = [];
  let document: EventDocument | undefined;
  for (const route of routes) {
    if (route.sourceId !== undefined && route.sourceId !== sourceId) continue;
    if (route.provider !== undefined && route.provider !== provider) continue;
    if (route.types !== undefined && !route.types.has(eventType)) continue;
    document ??= makeDocument();
    if (!route.match(document)) continue;
    const task = route.render(document);
    if (task.ok) decisions.push({ routeId: route.id, agentId: route.agentId, task });
    else failures.push({ routeId: route.id, message: task.error.message });
  }
  return { decisions, failures };
}
