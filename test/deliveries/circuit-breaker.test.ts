import assert from "node:assert/strict";
import { CircuitBreaker } from "../../src/deliveries/circuit-breaker.ts";
import { durationClassOf, percentile } from "../../src/deliveries/duration-class.ts";

const settings = { failures: 3, openSeconds: 10, maxOpenSeconds: 60 };

describe("a circuit breaker", () => {
  it("opens after failures in a row, and a success in between counts them anew", () => {
    const breaker = new CircuitBreaker(settings);
    assert.deepEqual([breaker.failed(0), breaker.failed(0)], [false, false]);
    breaker.succeeded();
    assert.deepEqual([breaker.failed(0), breaker.failed(0), breaker.isClosed], [false, false, true]);
    assert.deepEqual([breaker.failed(1_000), breaker.isClosed, breaker.openUntilMs], [true, false, 11_000]);
    assert.deepEqual([breaker.allows(10_999), breaker.allows(11_000)], [0, 1]);
  });

  it("lets one probe through when half open, which closes it or opens it for twice as long, up to a limit", () => {
    const breaker = new CircuitBreaker(settings);
    for (let count = 0; count < 3; count += 1) breaker.failed(0);
    let now = 10_000;
    for (const seconds of [20, 40, 60, 60]) {
      assert.equal(breaker.allows(now), 1);
      assert.ok(breaker.failed(now));
      assert.equal(breaker.openUntilMs, now + seconds * 1000);
      now = breaker.openUntilMs;
    }
    breaker.succeeded();
    assert.deepEqual([breaker.isClosed, breaker.allows(now)], [true, Number.POSITIVE_INFINITY]);
  });

  it("does not count twice what was under way when it opened", () => {
    const breaker = new CircuitBreaker(settings);
    for (let count = 0; count < 3; count += 1) breaker.failed(0);
    for (let count = 0; count < 10; count += 1) assert.equal(breaker.failed(5_000), false);
    assert.equal(breaker.openUntilMs, 10_000);
  });
});

describe("the classes of durations", () => {
  it("are never off by more than an eighth", () => {
    for (const durationMs of [1, 2, 10, 99, 1_000, 15_000, 60_000]) {
      const found = percentile([{ durationClass: durationClassOf(durationMs), attempts: 1 }], 0.5) ?? 0;
      assert.ok(Math.abs(found - durationMs) <= Math.max(1, durationMs / 8), `${durationMs}: ${found}`);
    }
  });

  it("give percentiles", () => {
    const counts = [
      { durationClass: durationClassOf(1_000), attempts: 5 },
      { durationClass: durationClassOf(10), attempts: 95 },
    ];
    assert.deepEqual([percentile(counts, 0.5), percentile(counts, 0.95)], [9, 9]);
    assert.ok((percentile(counts, 0.96) ?? 0) > 800);
    assert.equal(percentile([], 0.5), undefined);
  });
});
