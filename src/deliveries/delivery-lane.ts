import type { ClaimedDelivery } from "./claim-deliveries.ts";
import type { DeliveryGate } from "./delivery-gate.ts";

/** One endpoint's share of a pump: what is being sent to it, and what waits in the process for that. */
export class DeliveryLane {
  /** Whether the queue may hold more for this endpoint than there was room for. */
  hasBacklog = false;
  /** Whether tokens are being asked for, or waited for. */
  isAskingForTokens = false;
  readonly gate: DeliveryGate;
  readonly #waiting: ClaimedDelivery[] = [];
  #running = 0;
  #concurrency = 0;
  // How many of its places it may use at present.
  #allowance = 0;

  constructor(gate: DeliveryGate) {
    this.gate = gate;
  }

  /** How many more are worth claiming: what can be sent at once, and as many again, to be at hand when a place is free. */
  roomAt(nowMs: number): number {
    const most = Math.min(2 * this.#allowance, this.gate.roomAt(nowMs));
    return Math.max(0, most - this.#running - this.#waiting.length);
  }

  /** How many could be sent at this moment if there were tokens for them. */
  wantsAt(nowMs: number): number {
    const free = Math.min(this.#allowance, this.gate.allows(nowMs)) - this.#running;
    return Math.max(0, Math.min(free, this.#waiting.length));
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  /** Whether it may use fewer places than its endpoint has, or none. */
  get isRestricted(): boolean {
    return this.#allowance < this.#concurrency || this.gate.isRestricting;
  }

  /** Takes a claimed delivery in. From now on at most `concurrency` are sent at once. */
  add(delivery: ClaimedDelivery, concurrency: number): void {
    this.#allowance = this.#concurrency === 0 ? concurrency : Math.min(this.#allowance, concurrency);
    this.#concurrency = concurrency;
    this.#waiting.push(delivery);
  }

  /** The delivery whose turn it is; undefined when none waits, or none may be sent now. */
  nextAt(nowMs: number): ClaimedDelivery | undefined {
    return this.wantsAt(nowMs) > 0 && !this.gate.needsToken ? this.#waiting.shift() : undefined;
  }

  /** Takes out all that wait. */
  empty(): ClaimedDelivery[] {
    return this.#waiting.splice(0);
  }

  /** A delivery takes a place; `leave` gives it back. */
  enter(): void {
    this.#running += 1;
    this.gate.pass();
  }

  /**
   * An endpoint that keeps its places in vain gets fewer, for sixteen that never answer would hold all slots: half as many
   * after each call that was long and had no answer, or was answered with a plea for fewer; twice as many after any other.
   */
  leave(wasInVain: boolean): void {
    this.#running -= 1;
    const allowance = wasInVain ? Math.floor(this.#allowance / 2) : this.#allowance * 2;
    this.#allowance = Math.min(Math.max(allowance, 1), this.#concurrency);
  }
}
