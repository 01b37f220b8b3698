import type { ClaimedDelivery } from "./claim-deliveries.ts";

/** One endpoint's share of a pump: what is being sent to it, and what waits in the process for that. */
export class DeliveryLane {
  /** Whether the queue may hold more for this endpoint than there was room for. */
  hasBacklog = false;
  readonly #waiting: ClaimedDelivery[] = [];
  #running = 0;
  #concurrency = 0;
  // How many of its places it may use at present.
  #allowance = 0;

  /** How many more are worth claiming: what can be sent at once, and as many again, to be at hand when a place is free. */
  get room(): number {
    return Math.max(0, 2 * this.#allowance - this.#running - this.#waiting.length);
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  /** Whether it may use fewer places than its endpoint has. */
  get isRestricted(): boolean {
    return this.#allowance < this.#concurrency;
  }

  /** Takes a claimed delivery in. From now on at most `concurrency` are sent at once. */
  add(delivery: ClaimedDelivery, concurrency: number): void {
    this.#allowance = this.#concurrency === 0 ? concurrency : Math.min(this.#allowance, concurrency);
    this.#concurrency = concurrency;
    this.#waiting.push(delivery);
  }

  /** The delivery whose turn it is; undefined when none waits or no place is free. */
  next(): ClaimedDelivery | undefined {
    return this.#running < this.#allowance ? this.#waiting.shift() : undefined;
  }

  /** Takes out all that wait. */
  empty(): ClaimedDelivery[] {
    return this.#waiting.splice(0);
  }

  /** A delivery takes a place; `leave` gives it back. */
  enter(): void {
    this.#running += 1;
  }

  /**
   * An endpoint that keeps its places in vain gets fewer, for sixteen that never answer would hold all slots: half as many
   * after each call that was long and had no answer, twice as many after any other.
   */
  leave(wasInVain: boolean): void {
    this.#running -= 1;
    const allowance = wasInVain ? Math.floor(this.#allowance / 2) : this.#allowance * 2;
    this.#allowance = Math.min(Math.max(allowance, 1), this.#concurrency);
  }
}
