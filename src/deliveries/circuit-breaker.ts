/** When a breaker opens, and for how long. */
export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failures: number;
  readonly openSeconds: number;
  /** Doubles with each probe that fails, up to this. */
  readonly maxOpenSeconds: number;
}

/**
 * A circuit breaker. Closed, everything passes. After so many failures in a row it opens: nothing passes for a while. Then it
 * is half open: one probe passes at a time, whose success closes it, and whose failure opens it for twice as long.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  #failures = 0;
  #trips = 0;
  #openUntilMs = 0;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
  }

  get isClosed(): boolean {
    return this.#trips === 0;
  }

  /** Until when nothing passes, in milliseconds since the epoch; 0 when it has never opened. */
  get openUntilMs(): number {
    return this.#openUntilMs;
  }

  /** How many may be under way at this moment. */
  allows(nowMs: number): number {
    if (this.#trips === 0) return Number.POSITIVE_INFINITY;
    return nowMs < this.#openUntilMs ? 0 : 1;
  }

  /** Something passed and went well. */
  succeeded(): void {
    this.#failures = 0;
    this.#trips = 0;
    this.#openUntilMs = 0;
  }

  /** Something failed. Answers whether that has opened it, again or for the first time. */
  failed(nowMs: number): boolean {
    this.#failures += 1;
    // What was under way when it opened ends one after the other: only the first of these counts, and then a probe.
    if (nowMs < this.#openUntilMs || (this.#trips === 0 && this.#failures < this.#settings.failures)) return false;
    const seconds = Math.min(this.#settings.openSeconds * 2 ** this.#trips, this.#settings.maxOpenSeconds);
    this.#trips += 1;
    this.#openUntilMs = nowMs + seconds * 1000;
    return true;
  }
}
