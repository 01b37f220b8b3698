import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { Batch } from "../routing/isolate-poison.ts";
import { rerouteEvents } from "../routing/route-events.ts";
import { RouteIndex } from "../routing/route-index.ts";
import { selectRoute } from "../routing/store.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type NextEvents, nextEvents } from "./replay-batch.ts";
import {
  countReplayResults,
  insertEventReplays,
  lockDueReplay,
  type ReplayRow,
  updateReplayRow,
} from "./replay-store.ts";
import { selectRoutedEvents } from "./routed-event-store.ts";

/** Events of one turn at most. */
export const maxReplayBatch = 200;

/**
 * Routes the next events of a replay, in one transaction that only one process at a time has for it. False while another has
 * it, or its time has not come.
 */
export async function takeReplayTurn(
  tx: Transaction,
  services: TaskServices,
  index: RouteIndex | undefined,
  id: string,
  { limit, inHand }: Batch<string>,
): Promise<boolean> {
  const now = new Date(services.clock.now());
  const replay = await lockDueReplay(tx, id, now);
  if (replay === undefined) return false;
  const { generation, project_id: projectId, route_id: routeId } = replay;
  const routes = index?.routes.filter((route) => routeId === null || route.id === routeId) ?? [];
  if (routeId !== null && routes.length === 0) {
    if (await isNew(tx, projectId, routeId, now)) return false;
    const error = JSON.stringify("Its route has been disabled or deleted.");
    await updateReplayRow(tx, id, { state: "failed", error, updated_at: now, ended_at: now });
    return true;
  }

  const next = await nextEvents(tx, replay, limit);
  const { ids } = next;
  inHand.push(...ids);
  await insertEventReplays(tx, ids, replay, now);
  const events = await selectRoutedEvents(tx, ids, "share");
  await rerouteEvents(tx, services, new Map([[projectId, new RouteIndex(routes)]]), events, generation);
  const results = await countReplayResults(tx, ids, generation);
  await moveOn(tx, services, replay, next, {
    tasks: replay.tasks + results.tasks,
    pending: replay.pending + results.pending,
  });
  return true;
}

/** Goes on behind an event that cannot be routed, unless another process has. */
export async function passOverEvent(
  tx: Transaction,
  services: TaskServices,
  id: string,
  eventId: string,
  error: unknown,
): Promise<boolean> {
  const now = new Date(services.clock.now());
  const replay = await lockDueReplay(tx, id, now);
  if (replay === undefined) return false;
  const next = await nextEvents(tx, replay, 1);
  if (next.ids[0] !== eventId) return false;
  await insertEventReplays(tx, next.ids, replay, now);
  await moveOn(tx, services, replay, next, { failed: replay.failed + 1, error: JSON.stringify(messageOf(error)) });
  return true;
}

const maxMessageCharacters = 500;

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, maxMessageCharacters).toWellFormed();
}

// What a replay did not use of its rate, since nobody was there to advance it, it may make up for as far as this.
const burstMs = 1_000;

async function moveOn(
  tx: Transaction,
  { clock, log }: TaskServices,
  replay: ReplayRow,
  { ids, lastId, isLast }: NextEvents,
  changes: Parameters<typeof updateReplayRow>[2],
): Promise<void> {
  const { id } = replay;
  const nowMs = clock.now();
  const done = replay.done + ids.length;
  const ended = isLast || done >= replay.max_events;
  const dueMs = Math.max(replay.due_at.getTime(), nowMs - burstMs) + (ids.length * 1000) / replay.rate_per_second;
  await updateReplayRow(tx, id, {
    ...changes,
    state: ended ? "completed" : "running",
    last_event_id: lastId ?? replay.last_event_id,
    done,
    total: ended ? done : Math.max(done, replay.total),
    total_is_minimum: !ended && replay.total_is_minimum,
    due_at: new Date(dueMs),
    updated_at: new Date(nowMs),
    ended_at: ended ? new Date(nowMs) : null,
  });
  const line = { unit: "replay", replayId: toWireId("replay", id), events: done, outcome: "completed" };
  if (ended) tx.afterCommit(() => log.info(line, "a replay is through"));
}

const newsMs = 60_000;

/** Whether a route that this process does not know may just have been changed, so that the news of it is still on its way. */
async function isNew(tx: Transaction, projectId: string, routeId: string, now: Date): Promise<boolean> {
  const route = await selectRoute(tx, projectId, routeId);
  return route?.enabled === true && now.getTime() - route.updated_at.getTime() < newsMs;
}
