import { hash } from "node:crypto";
import { UnavailableError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import type { Transaction } from "../platform/database.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import { decideEvents, type EventDecisions, type RoutesOfProjects } from "../routing/decide-events.ts";
import { routeEvents } from "../routing/route-events.ts";
import { countTasks, decisionsOf, storeEventDecisions } from "../routing/store-event-decisions.ts";
import type { SourceRecord } from "../sources/source-cache.ts";
import { lockHoldingSources } from "../sources/store.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { insertHeldEvents } from "./held-store.ts";
import { areStoredAtOnce, storePlainEvents } from "./store-plain-events.ts";
import { type EventRow, flagEventConflicts, insertEvents } from "./insert-events.ts";

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
  /** Stored now, and not routed before its source goes on. */
  readonly held: boolean;
  /** How many tasks it caused at once; routes with guards that need the database decide a little later. */
  readonly tasks: number;
}

interface Pending {
  readonly row: EventRow;
  readonly source: SourceRecord;
  readonly body: unknown;
}

// 128 bits, in hex.
const digestLength = 32;

/**
 * The way in: concurrent deliveries of one process share a transaction that holds their dedupe keys, events, tasks and
 * jobs. Whoever submitted hears of it after the commit (DESIGN, promises 1 to 3).
 */
export class EventAcceptor {
  readonly #services: TaskServices;
  readonly #routes: RouteCache;
  readonly #commits: GroupCommit<Pending, Acceptance>;

  constructor(services: TaskServices, routes: RouteCache) {
    this.#services = services;
    this.#routes = routes;
    const { maxBatch, concurrentBatches, maxWaiting } = services.settings.inbound;
    this.#commits = new GroupCommit<Pending, Acceptance>({
      commit: (items) => this.#commit(items),
      maxBatch,
      maxConcurrent: concurrentBatches,
      maxWaiting,
      refuse: () =>
        new UnavailableError("overloaded", "Too many deliveries wait for the database; try again shortly.", {
          retryAfterSeconds: 2,
        }),
      isolates: (error) => !(error instanceof UnavailableError),
    });
  }

  /** Deliveries that wait for their commit, or are in one. */
  get waiting(): number {
    return this.#commits.size;
  }

  /**
   * Stores a delivery once, with the tasks it causes. Rejects with UnavailableError when too many wait already, or the
   * database is away: the sender must try again, and if it was stored all the same, that one is a duplicate.
   */
  accept(delivery: VerifiedDelivery): Promise<Acceptance> {
    const { source, body } = delivery;
    return this.#commits.submit({ row: this.#rowOf(delivery), source, body });
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
      key: hash("sha256", `${source.id}\0${deliveryId}`).slice(0, digestLength),
      bodyHash: hash("sha256", rawBody).slice(0, digestLength),
    };
  }

  async #commit(items: readonly Pending[]): Promise<Acceptance[]> {
    const { db, metrics } = this.#services;
    metrics.acceptBatch.observe(items.length);
    // Before anything is stored: while a transaction is open, whoever sends one of these deliveries again waits for it.
    const routes = await this.#routes.getMany(
      db,
      items.map(({ row }) => row.projectId),
    );
    const firsts = new Map<string, Pending>();
    for (const item of items) if (!firsts.has(item.row.key)) firsts.set(item.row.key, item);
    // In the order in which they came, and so will their tasks be. What is held is decided on when it is released.
    const open = [...firsts.values()].filter(({ source }) => !source.holdsEvents);
    const decided = await decideEvents(db, this.#services, routes, open, 0);
    const stored = await this.#storeAtOnce([...firsts.values()], open, decided);
    const rest = stored.size === 0 ? items : items.filter((item) => !stored.has(item.row.id));
    const answers = new Map<Pending, Acceptance>();
    const tasks = stored.size === 0 ? undefined : countTasks(decided);
    for (const item of items) {
      const { id: eventId } = item.row;
      if (stored.has(eventId))
        answers.set(item, { eventId, duplicate: false, held: false, tasks: tasks?.get(eventId) ?? 0 });
    }
    if (rest.length > 0) {
      const others = await db.transaction((tx) => this.#store(tx, rest, routes, decided));
      for (const [index, item] of rest.entries()) answers.set(item, others[index] as Acceptance);
    }
    return items.map((item) => answers.get(item) as Acceptance);
  }

  // The ids of what could be stored in one statement; for all others there is the transaction.
  async #storeAtOnce(
    all: readonly Pending[],
    open: readonly Pending[],
    decided: EventDecisions,
  ): Promise<ReadonlySet<string>> {
    const { db } = this.#services;
    if (open.length < all.length || !(await areStoredAtOnce(db, this.#services, decided))) return new Set();
    return await storePlainEvents(db, this.#services, sortedRows(open), decided.drafts, this.#keysExpireAt());
  }

  #keysExpireAt(): Date {
    const { clock, settings } = this.#services;
    return new Date(clock.now() + settings.inbound.dedupeWindowHours * 3_600_000);
  }

  async #store(
    tx: Transaction,
    items: readonly Pending[],
    routes: RoutesOfProjects,
    decided: EventDecisions,
  ): Promise<Acceptance[]> {
    const firsts = new Map<string, Pending>();
    for (const item of items) if (!firsts.has(item.row.key)) firsts.set(item.row.key, item);
    const nowMs = this.#services.clock.now();
    // Of the sources that this process takes for holding, for the others cost nothing. What it takes for open is.
    const paused = new Set(items.filter(({ source }) => source.holdsEvents).map(({ source }) => source.id));
    const holding = await lockHoldingSources(tx, [...paused].toSorted());
    const rows = sortedRows([...firsts.values()]);
    const holders = await insertEvents(tx, rows, this.#keysExpireAt(), new Date(nowMs));
    const fresh = [...firsts.values()].filter(({ row }) => holders.get(row.key)?.isNew);
    const held = fresh.filter(({ row }) => holding.has(row.sourceId));
    await insertHeldEvents(
      tx,
      held.map(({ row }) => row),
    );
    const tasks = await this.#route(
      tx,
      fresh.filter(({ row }) => !holding.has(row.sourceId)),
      routes,
      decided,
    );

    const conflicts = new Set<string>();
    const answers = items.map(({ row }): Acceptance => {
      const holder = holders.get(row.key);
      if (holder === undefined) throw new Error("a dedupe key has no holder");
      const { eventId, bodyHash } = holder;
      if (bodyHash !== row.bodyHash) conflicts.add(eventId);
      const duplicate = eventId !== row.id;
      return { eventId, duplicate, held: !duplicate && holding.has(row.sourceId), tasks: tasks.get(row.id) ?? 0 };
    });
    await flagEventConflicts(tx, [...conflicts].toSorted());
    return answers;
  }

  // Most were decided on before; a source that was taken for holding, and is open again, has events that were not.
  async #route(
    tx: Transaction,
    events: readonly Pending[],
    routes: RoutesOfProjects,
    decided: EventDecisions,
  ): Promise<ReadonlyMap<string, number>> {
    const known = events.filter(({ source }) => !source.holdsEvents);
    const ofKnown = decisionsOf(decided, new Set(known.map(({ row }) => row.id)));
    await storeEventDecisions(tx, this.#services, ofKnown);
    const others = events.filter(({ source }) => source.holdsEvents);
    if (others.length === 0) return countTasks(ofKnown);
    const ofOthers = await routeEvents(tx, this.#services, routes, others);
    return new Map([...countTasks(ofKnown), ...ofOthers]);
  }
}

// Two batches that share keys must not lock them crosswise.
function sortedRows(items: readonly Pending[]): EventRow[] {
  return items.map(({ row }) => row).toSorted((a, b) => (a.key < b.key ? -1 : 1));
}
