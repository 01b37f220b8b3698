import type { Clock } from "../../src/lib/clock.ts";

/** A clock that stands still until it is moved. */
export class TestClock implements Clock {
  #nowMs: number;

  constructor(startMs = Date.parse("2026-01-02T03:04:05.678Z")) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  advanceBy(seconds: number): void {
    this.#nowMs += seconds * 1000;
  }
}

/** The machine's clock, which a test can put forward: what is signed stays fresh for whoever verifies it. */
export class RunningTestClock implements Clock {
  #aheadMs = 0;

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  advanceBy(seconds: number): void {
    this.#aheadMs += seconds * 1000;
  }
}
