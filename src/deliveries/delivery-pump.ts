import { setTimeout as delay } from "node:timers/promises";
import type { EndpointCache } from "../endpoints/endpoint-cache.ts";
import { UnavailableError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import { attemptDelivery, postponeDelivery, skipDelivery } from "./attempt-delivery.ts";
import { claimDeliveries, type ClaimedDelivery } from "./claim-deliveries.ts";
import { isThrottling } from "./classify-outcome.ts";
import type { DeliveryLane } from "./delivery-lane.ts";
import { DeliveryLanes } from "./delivery-lanes.ts";
import { claimSeconds } from "./delivery-queue.ts";
import type { EndpointHealth } from "./endpoint-health.ts";
import type { CountedAttempt } from "./endpoint-tally.ts";
import type { AttemptCommit, AttemptRecord, DeliveryRecord } from "./record-attempts.ts";
import { Oauth2Tokens } from "./oauth2-tokens.ts";
import { refillGate } from "./refill-gate.ts";

// One claim's share: larger ones do not pay off (100 jobs cost 2 ms), smaller ones cost a round trip each.
const maxClaim = 100;
// Payloads in hand at most, over all lanes; the last claim may go beyond it.
const maxHeldBytes = 64 * 1024 * 1024;
// An endpoint whose own timeout leaves less of a claim than this must be sent to all the same.
const leastWaitMs = 1_000;
// The backstop for a wake-up that went missing, and for jobs that pg-boss took back from a dead process.
const backstopMs = 1_000;
const recordAgainMs = 500;
// From then on a call that gets no answer counts as one that kept its place in vain.
const longCallMs = 500;

function countedOf({ endpointId, deliveryId, outcome }: DeliveryRecord, attempt: AttemptRecord): CountedAttempt {
  const { status, error, durationMs, startedAt } = attempt;
  return { endpointId, deliveryId, outcome, status, error, durationMs, startedAt };
}

/**
 * Sends what is due, with at most `slots` calls under way and each endpoint within its concurrency. Not a batch: as slots
 * come free, that many more are claimed, of each endpoint in turn and no more than it has room for, so that one which never
 * answers holds its own few slots and nobody else's.
 */
export class DeliveryPump {
  readonly #services: Services;
  readonly #endpoints: EndpointCache;
  readonly #commit: AttemptCommit;
  readonly #health: EndpointHealth;
  readonly #tokens: Oauth2Tokens;
  readonly #slots: number;
  readonly #lanes: DeliveryLanes;
  readonly #off: () => void;
  readonly #backstop: NodeJS.Timeout;
  // Being sent or written down: these fill the slots. What waits for its endpoint does not.
  #underWay = 0;
  // These and what waits.
  #held = 0;
  #heldBytes = 0;
  // The endpoint that had its turn last.
  #lastTurn = "";
  // Whether the queue may hold more that there is room for.
  #mayHaveMore = true;
  #claiming = false;
  #stopping = false;
  #idle: (() => void)[] = [];

  constructor(services: Services, endpoints: EndpointCache, commit: AttemptCommit, health: EndpointHealth) {
    this.#services = services;
    this.#endpoints = endpoints;
    this.#commit = commit;
    this.#health = health;
    this.#tokens = new Oauth2Tokens(services);
    this.#slots = services.settings.deliveries.slots;
    const { breakerFailures, breakerSeconds, breakerMaxSeconds } = services.settings.deliveries;
    this.#lanes = new DeliveryLanes(this.#slots, {
      failures: breakerFailures,
      openSeconds: breakerSeconds,
      maxOpenSeconds: breakerMaxSeconds,
    });
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
    if (this.#stopping) return;
    this.#mayHaveMore = true;
    void this.#fill();
  }

  /** Resolves once nothing is due that this pump could send, and all it sent is written down. */
  async drain(): Promise<void> {
    this.wake();
    while (this.#claiming || this.#held > 0 || this.#mayHaveMore || this.#lanes.isBusy)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Claims nothing more; resolves when what is under way has been written down. What waits is given back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#off();
    clearInterval(this.#backstop);
    for (const delivery of this.#lanes.empty()) this.#giveBack(delivery);
    this.#mayHaveMore = false;
    while (this.#claiming || this.#held > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #fill(): Promise<void> {
    if (this.#claiming) return;
    this.#claiming = true;
    try {
      while (this.#mayHaveMore && !this.#stopping && this.#heldBytes < maxHeldBytes) {
        const limit = Math.min(maxClaim, this.#slots - this.#underWay);
        if (limit <= 0) break;
        await this.#claim(limit);
      }
    } catch (err) {
      this.#services.log.warn({ unit: "delivery", err }, "cannot claim deliveries; trying again shortly");
      this.#mayHaveMore = false;
    } finally {
      this.#claiming = false;
      this.#tellIdle();
    }
  }

  async #claim(limit: number): Promise<void> {
    this.#mayHaveMore = false;
    const lanes = this.#lanes.all();
    const now = this.#services.clock.now();
    const rooms = new Map([...lanes].map(([endpointId, lane]) => [endpointId, lane.roomAt(now)]));
    const defaultRoom = this.#services.settings.deliveries.endpointConcurrency;
    const share = { after: this.#lastTurn, rooms, defaultRoom, limit };
    const { claimed, jobsOf } = await claimDeliveries(this.#services, this.#endpoints, share);
    for (const delivery of claimed) this.#take(delivery);

    let jobs = 0;
    for (const [endpointId, count] of jobsOf) {
      jobs += count;
      // Now that its lane knows its room, it may have more.
      if (!lanes.has(endpointId) && count === defaultRoom) this.#mayHaveMore = true;
    }
    if (jobs === limit) this.#mayHaveMore = true;
    for (const [endpointId, lane] of lanes) {
      lane.hasBacklog = (jobsOf.get(endpointId) ?? 0) === rooms.get(endpointId);
      // Places that came free during the claim told nobody: it was not known that there is more.
      if (lane.hasBacklog && lane.roomAt(this.#services.clock.now()) > 0) this.#mayHaveMore = true;
    }
    const turn = [...jobsOf.keys()].toSorted();
    this.#lastTurn = turn.findLast((endpointId) => endpointId <= this.#lastTurn) ?? turn.at(-1) ?? this.#lastTurn;
  }

  #take(delivery: ClaimedDelivery): void {
    this.#held += 1;
    this.#heldBytes += delivery.payload.length;
    if (delivery.endpoint.disabled) void this.#finish(delivery, Promise.resolve(skipDelivery(delivery)));
    else if (this.#stopping) this.#giveBack(delivery);
    else this.#advance(delivery.endpoint.id, this.#lanes.add(delivery, this.#services.clock.now()));
  }

  #advance(endpointId: string, lane: DeliveryLane): void {
    const now = this.#services.clock.now();
    if (lane.gate.allows(now) === 0) this.#putOff(lane, new Date(lane.gate.openUntilMs));
    for (let delivery = lane.nextAt(now); delivery !== undefined; delivery = lane.nextAt(now)) {
      if (this.#isLapsing(delivery)) this.#giveBack(delivery);
      else this.#send(delivery, lane);
    }
    if (lane.wantsAt(now) > 0 && !lane.isAskingForTokens) void this.#askForTokens(endpointId, lane);
    this.#lanes.putAway(endpointId, lane);
  }

  // Nothing passes until then: what waits here would only wait longer, for the queue gives it to nobody else meanwhile.
  #putOff(lane: DeliveryLane, until: Date): void {
    for (const delivery of lane.empty())
      void this.#finish(delivery, Promise.resolve(postponeDelivery(delivery, until)));
  }

  async #askForTokens(endpointId: string, lane: DeliveryLane): Promise<void> {
    lane.isAskingForTokens = true;
    await refillGate(this.#services, endpointId, lane);
    lane.isAskingForTokens = false;
    this.#advance(endpointId, lane);
    this.#tellIdle();
  }

  // It waited here so long that another process may claim it before this attempt would be over.
  #isLapsing({ claimedAt, endpoint }: ClaimedDelivery): boolean {
    const claimMs = claimSeconds(this.#services.settings.deliveries) * 1000;
    const maxWaitMs = Math.max(claimMs - endpoint.timeoutMs, leastWaitMs);
    return this.#services.clock.now() - claimedAt > maxWaitMs;
  }

  #giveBack(delivery: ClaimedDelivery): void {
    const now = new Date(this.#services.clock.now());
    void this.#finish(delivery, Promise.resolve(postponeDelivery(delivery, now)));
  }

  #send(delivery: ClaimedDelivery, lane: DeliveryLane): void {
    lane.enter();
    const record = this.#attempt(delivery);
    void this.#leave(delivery, lane, record, this.#finish(delivery, record));
  }

  // The endpoint's place is free once it has answered; the slot only when that is written down. One that is gone keeps its
  // place until then as well, so that what waits behind finds it disabled.
  async #leave(
    delivery: ClaimedDelivery,
    lane: DeliveryLane,
    record: Promise<DeliveryRecord>,
    written: Promise<void>,
  ): Promise<void> {
    const { attempt, outcome, disableEndpoint = false } = await record.catch((): Partial<DeliveryRecord> => ({}));
    if (disableEndpoint) await written;
    lane.leave(
      attempt !== undefined &&
        (isThrottling(attempt.status) || (attempt.status === undefined && attempt.durationMs >= longCallMs)),
    );
    if (attempt !== undefined && outcome !== "aborted") {
      const hasOpened = lane.gate.settled(outcome === "succeeded", this.#services.clock.now());
      if (hasOpened) this.#health.leftAlone(delivery.endpoint.id, new Date(lane.gate.openUntilMs));
    }
    this.#advance(delivery.endpoint.id, lane);
    if (lane.hasBacklog) this.wake();
    this.#tellIdle();
  }

  // What counts is the endpoint as it is now: while this waited, it may have been disabled or have got a new secret. With
  // the database away, it is the one that was claimed.
  async #attempt(delivery: ClaimedDelivery): Promise<DeliveryRecord> {
    const known = await this.#endpoints.get(this.#services.db, delivery.endpoint.id).catch(() => undefined);
    const endpoint = known ?? delivery.endpoint;
    const current = { ...delivery, endpoint };
    return endpoint.disabled ? skipDelivery(current) : await attemptDelivery(this.#services, this.#tokens, current);
  }

  async #finish(delivery: ClaimedDelivery, outcome: Promise<DeliveryRecord>): Promise<void> {
    this.#underWay += 1;
    const ids = {
      unit: "delivery",
      projectId: delivery.endpoint.projectWireId,
      deliveryId: toWireId("delivery", delivery.id),
      messageId: delivery.messageWireId,
      endpointId: delivery.endpoint.wireId,
    };
    try {
      const record = await outcome;
      await this.#record(delivery, record);
      const { attempt, state } = record;
      if (attempt !== undefined) this.#health.attempted(countedOf(record, attempt));
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

  // A database that is away for a moment must not have everything sent twice that was under way.
  async #record(delivery: ClaimedDelivery, record: DeliveryRecord): Promise<void> {
    for (;;) {
      try {
        await this.#commit.submit(record);
        return;
      } catch (error) {
        if (!(error instanceof UnavailableError) || this.#stopping || this.#isLapsing(delivery)) throw error;
        await delay(recordAgainMs);
      }
    }
  }

  #tellIdle(): void {
    for (const wake of this.#idle.splice(0)) wake();
  }
}
