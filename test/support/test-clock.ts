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
