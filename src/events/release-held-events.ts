import type { Transaction } from "../platform/database.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import { routeEvents } from "../routing/route-events.ts";
import { lockResumingSource, openIntake, type ResumingSource, selectResumingSources } from "../sources/store.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { deleteHeldEvents, selectHeldEventSizes } from "./held-store.ts";
import { selectRoutedEvents } from "./routed-event-store.ts";

const maxSources = 20;
const maxEvents = 500;
const maxBytes = 16_777_216;

/**
 * Routes the next held events of each source that goes on, and answers how many. What came first is routed first: one
 * process at a time works on a source, and the tasks commit together with the marks that are taken off, so that each event
 * is routed once however often a process dies. With its last events a source is open again.
 */
export async function releaseHeldEvents(services: TaskServices, routes: RouteCache): Promise<number> {
  let released = 0;
  for (const source of await selectResumingSources(services.db, maxSources))
    released += await releaseFrom(services, routes, source);
  return released;
}

async function releaseFrom(services: TaskServices, routes: RouteCache, source: ResumingSource): Promise<number> {
  const routesOf = await routes.getMany(services.db, [source.project_id]);
  return await services.db.transaction(async (tx) => {
    // Not the row of the source: whoever accepts events for it would wait until this batch has been routed.
    const [lock] = await tx.query<{ taken: boolean }>(takeTurn, [source.id]);
    if (lock?.taken !== true) return 0;
    let batch = await nextBatch(tx, source.id);
    if (batch.isLast) {
      // Looked at again under the lock: under load, some came in since, and there would always be a next batch.
      if (!(await lockResumingSource(tx, source.id))) return 0;
      batch = await nextBatch(tx, source.id);
    }
    const { ids, isLast } = batch;
    if (ids.length > 0) {
      await routeEvents(tx, services, routesOf, await selectRoutedEvents(tx, ids, "share"));
      await deleteHeldEvents(tx, source.id, ids);
    }
    if (isLast) {
      await openIntake(tx, source.id);
      await services.signals.emit(tx, "sources", [source.id]);
    }
    return ids.length;
  });
}

const takeTurn = {
  name: "take_release_turn",
  text: `SELECT pg_try_advisory_xact_lock(hashtextextended('hookyard release ' || $1::text, 0)) AS taken`,
};

/** As many as fit into memory together, and one at least where there is one. */
async function nextBatch(
  tx: Transaction,
  sourceId: string,
): Promise<{ readonly ids: readonly string[]; readonly isLast: boolean }> {
  const first = await selectHeldEventSizes(tx, sourceId, maxEvents);
  const ids: string[] = [];
  let total = 0;
  for (const { id, bytes } of first) {
    total += bytes ?? 0;
    if (ids.length > 0 && total > maxBytes) break;
    ids.push(id);
  }
  return { ids, isLast: first.length < maxEvents && ids.length === first.length };
}
