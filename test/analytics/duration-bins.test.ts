import assert from "node:assert/strict";
import { binOf, quantileOf } from "../../src/analytics/duration-bins.ts";

describe("Bins of durations", () => {
  it("tell a duration to within 9 %", () => {
    for (let milliseconds = 1; milliseconds < 1e9; milliseconds *= 1.07) {
      const told = quantileOf(new Map([[binOf(milliseconds), 1]]), 0.5) as number;
      assert.ok(Math.abs(told / milliseconds - 1) < 0.095, `${told} for ${milliseconds}`);
    }
  });

  it("grow with the duration, and take any number", () => {
    for (let milliseconds = 1; milliseconds < 1e9; milliseconds *= 1.5)
      assert.ok(binOf(milliseconds * 2) > binOf(milliseconds));
    for (const odd of [-5, 0, 0.2, Number.NaN]) assert.equal(binOf(odd), 0);
    assert.ok(binOf(Number.MAX_VALUE) <= 32_767);
  });

  it("tell quantiles of many, and none of nothing", () => {
    const counts = new Map<number, number>();
    for (let milliseconds = 1; milliseconds <= 1_000; milliseconds += 1)
      counts.set(binOf(milliseconds), (counts.get(binOf(milliseconds)) ?? 0) + 1);
    assert.ok(Math.abs((quantileOf(counts, 0.5) as number) - 500) < 60);
    assert.ok(Math.abs((quantileOf(counts, 0.95) as number) - 950) < 100);
    assert.equal(quantileOf(new Map(), 0.5), undefined);
  });
});
