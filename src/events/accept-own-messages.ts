import { hash } from "node:crypto";
import { ownProvider } from "../lib/own-provider.ts";
import { toWireId } from "../lib/ids.ts";
import { ownMessageQueue } from "../messages/own-message-queue.ts";
import type { Transaction } from "../platform/database.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import { routeEvents } from "../routing/route-events.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type EventRow, insertEvents } from "./insert-events.ts";
import { ensureOwnSources, type OwnSource } from "./own-source-store.ts";

interface MessageRow {
  readonly id: string;
  readonly project_id: string;
  readonly type: string;
  readonly payload: Buffer;
  readonly created_at: Date;
}

const maxJobs = 100;
// 128 bits, in hex; see accept-events.ts.
const digestLength = 32;

const selectMessages = {
  name: "select_own_messages",
  text: `SELECT id, project_id, type, payload, created_at FROM messages WHERE id = ANY ($1) AND erased_at IS NULL ORDER BY id`,
};

function rowOf(services: TaskServices, message: MessageRow, source: OwnSource): EventRow {
  const deliveryId = toWireId("message", message.id);
  return {
    id: services.newId(),
    projectId: message.project_id,
    sourceId: source.id,
    provider: ownProvider,
    type: message.type,
    deliveryId,
    receivedAt: message.created_at,
    headers: {},
    contentType: "application/json",
    body: message.payload,
    key: hash("sha256", `${source.id}\0${deliveryId}`).slice(0, digestLength),
    bodyHash: hash("sha256", message.payload).slice(0, digestLength),
  };
}

async function acceptBatch(tx: Transaction, services: TaskServices, routes: RouteCache): Promise<number> {
  const jobs = await services.queue.take(tx, ownMessageQueue, maxJobs);
  if (jobs.length === 0) return 0;
  const messages = await tx.query<MessageRow>(selectMessages, [jobs.map(({ id }) => id)]);
  const projectIds = messages.map((message) => message.project_id);
  const sources = await ensureOwnSources(tx, services, projectIds);
  const events = messages.flatMap((message) => {
    const source = sources.get(message.project_id);
    return source === undefined ? [] : [{ row: rowOf(services, message, source), source }];
  });
  const nowMs = services.clock.now();
  const keysExpireAt = new Date(nowMs + services.settings.inbound.dedupeWindowHours * 3_600_000);
  const sorted = events.map(({ row }) => row).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const holders = await insertEvents(tx, sorted, keysExpireAt, new Date(nowMs));
  const fresh = events.filter(({ row }) => holders.get(row.key)?.isNew);
  const routed = fresh.map(({ row, source }) => ({
    row,
    source: { wireId: toWireId("source", source.id), name: source.name },
    body: JSON.parse(row.body.toString()) as unknown,
  }));
  await routeEvents(tx, services, await routes.getMany(tx, projectIds), routed);
  return jobs.length;
}

/**
 * Makes events of messages that a route wants, so that one agent's result starts the next, and answers how many there
 * were. The event, its tasks and the end of the job commit together: each message is one event, however often a process
 * dies.
 */
export async function acceptOwnMessages(services: TaskServices, routes: RouteCache): Promise<number> {
  return await services.db.transaction((tx) => acceptBatch(tx, services, routes));
}
