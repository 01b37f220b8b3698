import type { EndpointCache } from "../endpoints/endpoint-cache.ts";
import { toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import { attemptDelivery, postponeDelivery, skipDelivery } from "./attempt-delivery.ts";
import { claimDeliveries, type ClaimedDelivery } from "./claim-deliveries.ts";
import { claimSeconds } from "./delivery-queue.ts";
import type { AttemptCommit, DeliveryRecord } from "./record-attempts.ts";

/** One endpoint's share of the pump. */
interface Lane {
  running: number;
  readonly waiting: ClaimedDelivery[];
}

// One fetch's share: larger ones do not pay off (100 jobs cost 3 ms), smaller ones cost a round trip each.
const maxFetch = 100;
// Payloads in hand at most, over all lanes.
const maxHeldBytes = 64 * 1024 * 1024;
// An endpoint whose own timeout leaves less of a claim than this must be sent to all the same.
const leastWaitMs = 1_000;
// The backstop for a wake-up that went missing, and for jobs that pg-boss took back from a dead process.
const backstopMs = 1_000;

/**
 * Sends what is due, with at most `slots` deliveries under way and each endpoint within its concurrency. Not a batch: as
 * slots come free, that many more are claimed. An endpoint whose lane is full is passed over by the next claim, so that
 * one which never answers holds its own few slots and nobody else's.
 */
export class DeliveryPump {
  readonly #services: Services;
  readonly #endpoints: EndpointCache;
  readonly #commit: AttemptCommit;
  readonly #lanes = new Map<string, Lane>();
  readonly #off: () => void;
  readonly #backstop: NodeJS.Timeout;
  // Being sent or written down: these fill the slots. What waits in a full lane must not.
  #underWay = 0;
  // These and what waits.
  #held = 0;
  #heldBytes = 0;
  // Whether the queue may hold more than was claimed.
  #mayHaveMore = true;
  #claiming = false;
  #stopping = false;
  #idle: (() => void)[] = [];

  constructor(services: Services, endpoints: EndpointCache, commit: AttemptCommit) {
    this.#services = services;
    this.#endpoints = endpoints;
    this.#commit = commit;
    this.#off = services.signals.on("deliveries", () => this.wake());
    this.#backstop = setInterval(() => this.wake(), backstopMs);
    this.#backstop.unref();
  }

  /** Deliveries being sent or written down, in this process. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Looks for due deliveries, now or as soon as a slot is free. */
  wake(): void {
    this.#mayHaveMore = true;
    void this.#fill();
  }

  /** Resolves once nothing is due that this pump could send, and all it sent is written down. */
  async drain(): Promise<void> {
    this.wake();
    while (this.#claiming || this.#held > 0 || this.#mayHaveMore)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Claims nothing more; resolves when what is under way has been written down. What waits is given back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#off();
    clearInterval(this.#backstop);
    for (const lane of this.#lanes.values())
      for (const delivery of lane.waiting.splice(0)) void this.#finish(delivery, this.#postpone(delivery));
    this.#mayHaveMore = false;
    while (this.#claiming || this.#held > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #fill(): Promise<void> {
    if (this.#claiming) return;
    this.#claiming = true;
    try {
      while (this.#mayHaveMore && !this.#stopping && this.#heldBytes < maxHeldBytes) {
        const free = Math.min(maxFetch, this.#services.settings.deliveries.slots - this.#underWay);
        if (free <= 0) break;
        this.#mayHaveMore = false;
        const full = [...this.#lanes].filter(([id, lane]) => this.#isFull(id, lane)).map(([id]) => id);
        const { claimed, jobs } = await claimDeliveries(this.#services, this.#endpoints, free, full);
        if (jobs === free) this.#mayHaveMore = true;
        for (const delivery of claimed) this.#take(delivery);
      }
    } catch (err) {
      this.#services.log.warn({ unit: "delivery", err }, "cannot claim deliveries; trying again shortly");
      this.#mayHaveMore = false;
    } finally {
      this.#claiming = false;
      this.#tellIdle();
    }
  }

  #concurrencyOf(endpointId: string): number {
    return (
      this.#endpoints.peek(endpointId)?.value?.concurrency ?? this.#services.settings.deliveries.endpointConcurrency
    );
  }

  #isFull(endpointId: string, lane: Lane): boolean {
    return lane.waiting.length >= this.#concurrencyOf(endpointId);
  }

  #take(delivery: ClaimedDelivery): void {
    const lane = this.#lanes.get(delivery.endpoint.id) ?? { running: 0, waiting: [] };
    this.#lanes.set(delivery.endpoint.id, lane);
    this.#held += 1;
    this.#heldBytes += delivery.payload.length;
    if (delivery.endpoint.disabled) void this.#finish(delivery, Promise.resolve(skipDelivery(delivery)));
    else if (this.#stopping) void this.#finish(delivery, this.#postpone(delivery));
    else {
      lane.waiting.push(delivery);
      this.#advance(delivery.endpoint.id, lane);
    }
  }

  #advance(endpointId: string, lane: Lane): void {
    while (lane.running < this.#concurrencyOf(endpointId)) {
      const wasFull = this.#isFull(endpointId, lane);
      const delivery = lane.waiting.shift();
      if (delivery === undefined) break;
      // Jobs of a full lane were passed over; now that it has room they count again.
      if (wasFull && !this.#isFull(endpointId, lane)) this.#mayHaveMore = true;
      if (this.#isLapsing(delivery)) void this.#finish(delivery, this.#postpone(delivery));
      else this.#send(delivery, lane);
    }
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(endpointId);
  }

  // It waited here so long that another process may claim it before this attempt would be over.
  #isLapsing({ claimedAt, endpoint }: ClaimedDelivery): boolean {
    const claimMs = claimSeconds(this.#services.settings.deliveries) * 1000;
    const maxWaitMs = Math.max(claimMs - endpoint.timeoutMs, leastWaitMs);
    return this.#services.clock.now() - claimedAt > maxWaitMs;
  }

  #postpone(delivery: ClaimedDelivery): Promise<DeliveryRecord> {
    return Promise.resolve(postponeDelivery(delivery, new Date(this.#services.clock.now())));
  }

  #send(delivery: ClaimedDelivery, lane: Lane): void {
    lane.running += 1;
    const record = attemptDelivery(this.#services, delivery).finally(() => {
      // The endpoint's place is free once it has answered; the slot only when that is written down.
      lane.running -= 1;
      this.#advance(delivery.endpoint.id, lane);
    });
    void this.#finish(delivery, record);
  }

  async #finish(delivery: ClaimedDelivery, outcome: Promise<DeliveryRecord>): Promise<void> {
    this.#underWay += 1;
    const ids = {
      unit: "delivery",
      projectId: toWireId("project", delivery.projectId),
      deliveryId: toWireId("delivery", delivery.id),
      messageId: toWireId("message", delivery.messageId),
      endpointId: toWireId("endpoint", delivery.endpoint.id),
    };
    try {
      const record = await outcome;
      await this.#commit.submit(record);
      const { attempt, state } = record;
      this.#services.log.info(
        {
          ...ids,
          state,
          outcome: record.outcome,
          status: attempt?.status,
          attempt: attempt?.number,
          durationMs: attempt?.durationMs,
        },
        "delivery",
      );
    } catch (err) {
      // Its job is still claimed: pg-boss takes it back when the claim lapses, and it is sent again with the same id.
      this.#services.log.error({ ...ids, err }, "an attempt could not be written down");
    } finally {
      this.#underWay -= 1;
      this.#held -= 1;
      this.#heldBytes -= delivery.payload.length;
      if (this.#mayHaveMore) void this.#fill();
      this.#tellIdle();
    }
  }

  #tellIdle(): void {
    for (const wake of this.#idle.splice(0)) wake();
  }
}
