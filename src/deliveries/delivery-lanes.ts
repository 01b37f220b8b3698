import type { ClaimedDelivery } from "./claim-deliveries.ts";
import type { BreakerSettings } from "./circuit-breaker.ts";
import { DeliveryGate } from "./delivery-gate.ts";
import { DeliveryLane } from "./delivery-lane.ts";

/** The lanes of a pump's endpoints: those that hold deliveries, and a few that are restricted. */
export class DeliveryLanes {
  readonly #lanes = new Map<string, DeliveryLane>();
  readonly #slots: number;
  readonly #breaker: BreakerSettings;

  constructor(slots: number, breaker: BreakerSettings) {
    this.#slots = slots;
    this.#breaker = breaker;
  }

  /** The lane of each endpoint that has one. */
  all(): Map<string, DeliveryLane> {
    return new Map(this.#lanes);
  }

  /** Whether any delivery is being sent or waits. */
  get isBusy(): boolean {
    return [...this.#lanes.values()].some((lane) => !lane.isIdle);
  }

  /** Takes a claimed delivery in and answers with its endpoint's lane. */
  add(delivery: ClaimedDelivery, nowMs: number): DeliveryLane {
    const { id, concurrency } = delivery.endpoint;
    const lane = this.#lanes.get(id) ?? new DeliveryLane(new DeliveryGate(this.#breaker));
    this.#lanes.set(id, lane);
    lane.gate.configure(delivery.endpoint, nowMs);
    // However many places its owner grants an endpoint, half of the slots are for the others.
    lane.add(delivery, Math.min(concurrency, Math.ceil(this.#slots / 2)));
    return lane;
  }

  /** Takes out all deliveries that wait. */
  empty(): ClaimedDelivery[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.empty());
  }

  /**
   * Forgets a lane once it is idle, unless it is restricted: its endpoint would begin with all places again. It remembers
   * no more of them than there are slots, for with one place each they hold no more.
   */
  putAway(endpointId: string, lane: DeliveryLane): void {
    if (!lane.isIdle || this.#lanes.get(endpointId) !== lane) return;
    this.#lanes.delete(endpointId);
    if (!lane.isRestricted) return;
    this.#lanes.set(endpointId, lane);
    const idle = [...this.#lanes].filter(([, each]) => each.isIdle);
    const [oldest] = idle;
    if (oldest !== undefined && idle.length > this.#slots) this.#lanes.delete(oldest[0]);
  }
}
