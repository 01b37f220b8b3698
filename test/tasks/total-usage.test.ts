import assert from "node:assert/strict";
import { totalUsage } from "../../src/tasks/total-usage.ts";

describe("What attempts cost together", () => {
  it("is the sum of their numbers, and the last of everything else", () => {
    const usages = [
      { tokens: 10, costUsd: 0.1, model: "a", detail: { cached: 1 }, turns: 2 },
      { tokens: 5, costUsd: 0.2, model: "b", detail: { cached: 2 }, durationMs: 7.5 },
    ];
    const total = { tokens: 15, costUsd: 0.3, model: "b", detail: { cached: 2 }, turns: 2, durationMs: 7.5 };
    assert.deepEqual(totalUsage(usages), total);
  });

  it("takes what is no object for nothing, and a change of kind for the last word", () => {
    assert.deepEqual(totalUsage([]), {});
    assert.deepEqual(totalUsage([null, undefined, 7, "x"]), {});
    assert.deepEqual(totalUsage([null, { tokens: 1 }, null]), { tokens: 1 });
    assert.deepEqual(totalUsage([{ tokens: "many" }, { tokens: 2 }, { tokens: 3 }]), { tokens: 5 });
    assert.deepEqual(totalUsage([{ tokens: 2 }, { tokens: null }]), { tokens: null });
  });

  it("stays a number, whatever is added, and touches no prototype", () => {
    const huge = { tokens: Number.MAX_VALUE, debt: -Number.MAX_VALUE };
    assert.deepEqual(totalUsage([huge, huge]), huge);
    const odd: unknown = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 1}');
    const total = totalUsage([odd, odd]);
    assert.deepEqual([Object.keys(total), total["constructor"]], [["__proto__", "constructor"], 2]);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });
});
