import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { decide } from "../routing/decide.ts";
import type { EventDocument } from "../routing/event-document.ts";
import type { CompiledRoute } from "../routing/route-cache.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import type { TaskDraft } from "../tasks/enqueue-tasks.ts";
import type { EventRow } from "./insert-events.ts";

/** An event, and what routes see of it that its row does not hold. */
export interface RoutedEvent {
  readonly row: Omit<EventRow, "contentType" | "body" | "key" | "bodyHash">;
  readonly source: { readonly wireId: string; readonly name: string };
  readonly body: unknown;
}

function documentOf({ row, source, body }: RoutedEvent): EventDocument {
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

/** The tasks that the routes of their projects make of events. What a route fails to render is logged, and stops nothing. */
export async function draftTasks(
  tx: Transaction,
  services: TaskServices,
  routesOf: ReadonlyMap<string, readonly CompiledRoute[]>,
  events: readonly RoutedEvent[],
): Promise<TaskDraft[]> {
  const wanted = events.flatMap((event) => {
    const { id, projectId, sourceId, type, provider } = event.row;
    const { decisions, failures } = decide(
      routesOf.get(projectId) ?? [],
      sourceId,
      () => documentOf(event),
      type,
      provider,
    );
    for (const { routeId, message } of failures)
      services.log.warn(
        { unit: "route", eventId: toWireId("event", id), routeId: toWireId("route", routeId), reason: message },
        "a route matched, but its task could not be rendered",
      );
    return decisions.map((decision) => ({ row: event.row, decision }));
  });
  if (wanted.length === 0) return [];
  const agents = await services.agents.getMany(
    tx,
    wanted.map(({ decision }) => decision.agentId),
  );
  return wanted.flatMap(({ row, decision }): TaskDraft[] => {
    const agent = agents.get(decision.agentId);
    if (agent === undefined) return [];
    const { id, projectId, type, sourceId, deliveryId } = row;
    return [
      {
        id: services.newId(),
        projectId,
        agent,
        routeId: decision.routeId,
        event: { id, type, sourceId, deliveryId },
        input: decision.task.input,
        parameters: decision.task.parameters,
        priority: decision.task.priority,
      },
    ];
  });
}
