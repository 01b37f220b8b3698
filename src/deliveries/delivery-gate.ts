import type { EndpointRecord } from "../endpoints/endpoint-cache.ts";
import { type BreakerSettings, CircuitBreaker } from "./circuit-breaker.ts";

// A slow endpoint needs no more in hand than it takes in this time: the rest is better off in the queue.
const aheadSeconds = 5;

/** Whether an endpoint may be sent to at this moment: its circuit breaker, and the tokens of its rate. */
export class DeliveryGate {
  readonly #breaker: CircuitBreaker;
  // Until when another process' breaker is open.
  #closedElsewhereUntilMs = 0;
  #ratePerSecond: number | undefined;
  #tokens = 0;

  constructor(settings: BreakerSettings) {
    this.#breaker = new CircuitBreaker(settings);
  }

  /** Takes over what is said of the endpoint, by its owner and by other processes. */
  configure({ ratePerSecond, breakerUntil }: EndpointRecord, nowMs: number): void {
    this.#ratePerSecond = ratePerSecond;
    const untilMs = breakerUntil?.getTime() ?? 0;
    this.#closedElsewhereUntilMs = untilMs > nowMs ? untilMs : 0;
  }

  get ratePerSecond(): number | undefined {
    return this.#ratePerSecond;
  }

  /** Whether it holds anything back, or may soon. */
  get isRestricting(): boolean {
    return !this.#breaker.isClosed || this.#closedElsewhereUntilMs > 0;
  }

  /** Until when nothing passes; in the past, or 0, when something does. */
  get openUntilMs(): number {
    return Math.max(this.#breaker.openUntilMs, this.#closedElsewhereUntilMs);
  }

  /** How many may be under way. */
  allows(nowMs: number): number {
    return nowMs < this.#closedElsewhereUntilMs ? 0 : this.#breaker.allows(nowMs);
  }

  /** How many are worth having in hand. */
  roomAt(nowMs: number): number {
    const ahead =
      this.#ratePerSecond === undefined ? Number.POSITIVE_INFINITY : Math.ceil(this.#ratePerSecond * aheadSeconds);
    return Math.min(this.allows(nowMs), ahead);
  }

  /** Whether the next needs a token that is not there yet. */
  get needsToken(): boolean {
    return this.#ratePerSecond !== undefined && this.#tokens < 1;
  }

  addTokens(tokens: number): void {
    this.#tokens += tokens;
  }

  /** One more is sent. */
  pass(): void {
    if (this.#ratePerSecond !== undefined) this.#tokens -= 1;
  }

  /** One that was sent went well, or did not. Answers whether that has opened the breaker. */
  settled(wentWell: boolean, nowMs: number): boolean {
    if (!wentWell) return this.#breaker.failed(nowMs);
    this.#closedElsewhereUntilMs = 0;
    this.#breaker.succeeded();
    return false;
  }
}
