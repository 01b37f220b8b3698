import assert from "node:assert/strict";
import { exponentialDelaySeconds, retryDelaySeconds } from "../../src/lib/backoff.ts";

const middle = (): number => 0.5;
const lowest = (): number => 0;
const highest = (): number => 1 - Number.EPSILON;

describe("retryDelaySeconds", () => {
  it("takes the delay that follows the attempts made", () => {
    assert.equal(retryDelaySeconds([5, 300], 1, middle), 5);
    assert.equal(retryDelaySeconds([5, 300], 2, middle), 300);
  });

  it("is undefined once the schedule is exhausted, or empty", () => {
    assert.equal(retryDelaySeconds([5, 300], 3, middle), undefined);
    assert.equal(retryDelaySeconds([], 1, middle), undefined);
  });

  it("stays within 20 % to either side", () => {
    assert.equal(retryDelaySeconds([100], 1, lowest), 80);
    assert.ok(Math.abs((retryDelaySeconds([100], 1, highest) ?? 0) - 120) < 1e-9);
  });
});

describe("exponentialDelaySeconds", () => {
  it("doubles from the base", () => {
    const delays = [1, 2, 3, 4].map((attemptsMade) =>
      exponentialDelaySeconds({ baseSeconds: 2, maxSeconds: 1000, attemptsMade, random: middle }),
    );
    assert.deepEqual(delays, [2, 4, 8, 16]);
  });

  it("never passes the maximum, even with jitter and thousands of attempts", () => {
    const backoff = { baseSeconds: 2, maxSeconds: 60, random: highest };
    assert.equal(exponentialDelaySeconds({ ...backoff, attemptsMade: 6 }), 60);
    assert.equal(exponentialDelaySeconds({ ...backoff, attemptsMade: 5_000 }), 60);
  });
});
