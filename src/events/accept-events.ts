import { hash } from "node:crypto";
import { UnavailableError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { decide } from "../routing/decide.ts";
import type { EventDocument } from "../routing/event-document.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import type { SourceRecord } from "../sources/source-cache.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { enqueueTasks, type TaskDraft } from "../tasks/enqueue-tasks.ts";
import { type EventRow, flagEventConflicts, insertEvents, selectKeyHolders } from "./insert-events.ts";

/** A verified request. */
export interface VerifiedDelivery {
  readonly source: SourceRecord;
  readonly deliveryId: string;
  readonly eventType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly rawBody: Buffer;
  /** The body as routes see it. */
  readonly body: unknown;
}

/** What the sender is told, once it has been committed. */
export interface Acceptance {
  readonly eventId: string;
  readonly duplicate: boolean;
  /** How many tasks it caused. */
  readonly tasks: number;
}

interface Pending extends VerifiedDelivery {
  readonly row: EventRow;
}

const keyBytes = 16;

function dedupeKey(sourceId: string, deliveryId: string): Buffer {
  return hash("sha256", `${sourceId}\0${deliveryId}`, "buffer").subarray(0, keyBytes);
}

/** The document that routes look at. */
function documentOf({ row, source, body }: Pending): EventDocument {
  return {
    id: toWireId("event", row.id),
    type: row.type,
    provider: row.provider,
    source: { id: toWireId("source", source.id), name: source.name },
    deliveryId: row.deliveryId,
    receivedAt: row.receivedAt.toISOString(),
    headers: row.headers,
    body,
  };
}

/**
 * The way in: concurrent deliveries of one process share a transaction that holds their dedupe keys, events, tasks and
 * jobs. Whoever submitted hears of it after the commit (DESIGN, promises 1 to 3).
 */
export class EventAcceptor {
  readonly #services: TaskServices;
  readonly #routes: RouteCache;
  readonly #commits: GroupCommit<Pending, Acceptance>;
  #waitingBytes = 0;

  constructor(services: TaskServices, routes: RouteCache) {
    this.#services = services;
    this.#routes = routes;
    const { maxBatch, concurrentBatches, maxWaiting } = services.settings.inbound;
    this.#commits = new GroupCommit<Pending, Acceptance>({
      commit: (items) => this.#commit(items),
      maxBatch,
      maxConcurrent: concurrentBatches,
      maxWaiting,
      refuse: overloaded,
      isolates: (error) => !(error instanceof UnavailableError),
    });
  }

  /** Deliveries that wait for their commit. */
  get waiting(): number {
    return this.#commits.size;
  }

  /**
   * Stores a delivery once, with the tasks it causes. Rejects with UnavailableError when too much waits already, or the
   * database is away: then nothing is stored, and the sender must try again.
   */
  async accept(delivery: VerifiedDelivery): Promise<Acceptance> {
    const bytes = delivery.rawBody.length;
    if (this.#waitingBytes + bytes > this.#services.settings.inbound.maxWaitingBytes) throw overloaded();
    this.#waitingBytes += bytes;
    try {
      return await this.#commits.submit({ ...delivery, row: this.#rowOf(delivery) });
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  /** Resolves when all that was submitted has been committed or refused. */
  drain(): Promise<void> {
    return this.#commits.drain();
  }

  #rowOf({ source, deliveryId, eventType, headers, contentType, rawBody }: VerifiedDelivery): EventRow {
    return {
      id: this.#services.newId(),
      projectId: source.projectId,
      sourceId: source.id,
      provider: source.provider,
      type: eventType,
      deliveryId,
      receivedAt: new Date(this.#services.clock.now()),
      headers,
      contentType,
      body: rawBody,
      key: dedupeKey(source.id, deliveryId),
      bodyHash: hash("sha256", rawBody, "buffer").subarray(0, keyBytes),
    };
  }

  async #commit(items: readonly Pending[]): Promise<Acceptance[]> {
    this.#services.metrics.acceptBatch.observe(items.length);
    return await this.#services.db.transaction((tx) => this.#store(tx, items));
  }

  async #store(tx: Transaction, items: readonly Pending[]): Promise<Acceptance[]> {
    const firsts = new Map<string, Pending>();
    for (const item of items) {
      const key = item.row.key.toString("latin1");
      if (!firsts.has(key)) firsts.set(key, item);
    }
    const sorted = [...firsts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
    const nowMs = this.#services.clock.now();
    const windowMs = this.#services.settings.inbound.dedupeWindowHours * 3_600_000;
    const rows = sorted.map((item) => item.row);
    const stored = await insertEvents(tx, rows, new Date(nowMs + windowMs), new Date(nowMs));
    const fresh = sorted.filter((item) => stored.has(item.row.id));
    const tasks = await this.#route(tx, fresh);

    const holders = new Map<string, { readonly eventId: string; readonly bodyHash: Buffer }>();
    for (const { row } of fresh) holders.set(row.key.toString("latin1"), { eventId: row.id, bodyHash: row.bodyHash });
    const taken = rows.filter((row) => !stored.has(row.id)).map((row) => row.key);
    if (taken.length > 0)
      for (const holder of await selectKeyHolders(tx, taken))
        holders.set(holder.hash.toString("latin1"), { eventId: holder.event_id, bodyHash: holder.body_hash });

    const conflicts = new Set<string>();
    const answers = items.map(({ row }): Acceptance => {
      const holder = holders.get(row.key.toString("latin1"));
      if (holder === undefined) throw new Error("a dedupe key has no holder");
      if (!holder.bodyHash.equals(row.bodyHash)) conflicts.add(holder.eventId);
      return { eventId: holder.eventId, duplicate: holder.eventId !== row.id, tasks: tasks.get(row.id) ?? 0 };
    });
    await flagEventConflicts(tx, [...conflicts].toSorted());
    return answers;
  }

  // Answers how many tasks each event caused.
  async #route(tx: Transaction, fresh: readonly Pending[]): Promise<Map<string, number>> {
    const projects = fresh.map((item) => item.row.projectId);
    const routes = await this.#routes.getMany(tx, projects);
    const wanted = fresh.flatMap((item) => {
      const ofProject = routes.get(item.row.projectId) ?? [];
      const { id, sourceId, type, provider } = item.row;
      const { decisions, failures } = decide(ofProject, sourceId, () => documentOf(item), type, provider);
      for (const { routeId, message } of failures)
        this.#services.log.warn(
          { unit: "route", eventId: toWireId("event", id), routeId: toWireId("route", routeId), reason: message },
          "a route matched, but its task could not be rendered",
        );
      return decisions.map((decision) => ({ item, decision }));
    });
    const agents = await this.#services.agents.getMany(
      tx,
      wanted.map(({ decision }) => decision.agentId),
    );
    const counts = new Map<string, number>();
    const drafts = wanted.flatMap(({ item, decision }): TaskDraft[] => {
      const agent = agents.get(decision.agentId);
      if (agent === undefined) return [];
      const { id, projectId, type, sourceId, deliveryId } = item.row;
      counts.set(id, (counts.get(id) ?? 0) + 1);
      return [
        {
          id: this.#services.newId(),
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
    await enqueueTasks(tx, this.#services, drafts);
    return counts;
  }
}

function overloaded(): UnavailableError {
  return new UnavailableError("overloaded", "Too many deliveries wait for the database; try again shortly.", {
    retryAfterSeconds: 2,
  });
}
