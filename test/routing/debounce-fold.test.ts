import assert from "node:assert/strict";
import { countInTime, foldIntoDebounces, type OpenDebounce } from "../../src/routing/debounce-fold.ts";
import type { PendingDecision } from "../../src/routing/pending-candidate.ts";

let seq = 0;

/** An event of a key that came at this second. */
function row(key: string | undefined, second: number): PendingDecision {
  seq += 1;
  const debounce = key === undefined ? {} : { debounce: { key, quietSeconds: 10, maxSeconds: 25 } };
  return {
    seq: String(seq),
    routeId: "route",
    eventId: `event ${seq}`,
    generation: 0,
    projectId: "project",
    agentId: "agent",
    routedAt: new Date(second * 1000),
    candidate: {
      event: { id: `event ${seq}`, type: "push", sourceId: "source", deliveryId: `delivery ${seq}` },
      receivedAt: "",
      task: { input: "x", parameters: {}, priority: 0 },
      limits: {},
      ...debounce,
    },
  };
}

const none: ReadonlyMap<string, OpenDebounce> = new Map();
const fold = (rows: readonly PendingDecision[], open = none): ReturnType<typeof foldIntoDebounces> => {
  let ids = 0;
  return foldIntoDebounces(open, rows, () => `new ${(ids += 1)}`);
};
const openAfter = (rows: readonly PendingDecision[]): Map<string, OpenDebounce> =>
  new Map(fold(rows).map((grown) => [grown.keyHash, grown]));

describe("collecting the events of a key", () => {
  it("ends when it has been quiet for so long, and at the latest so long after the first", () => {
    const due = (...seconds: number[]): number | undefined => fold(seconds.map((second) => row("a", second)))[0]?.dueMs;
    assert.equal(due(0), 10_000);
    assert.equal(due(0, 9), 19_000);
    assert.equal(due(0, 9, 18), 25_000);
    assert.equal(due(0, 9, 18, 24), 25_000);
  });

  it("never ends earlier for an event whose clock is behind", () => {
    assert.deepEqual(
      fold([row("a", 5), row("a", 0)]).map(({ firstMs, dueMs }) => [firstMs, dueMs]),
      [[5_000, 15_000]],
    );
  });

  it("goes on where it stood, with the same id", () => {
    const [before] = fold([row("a", 0)]);
    const next = row("a", 4);
    const [grown, ...others] = fold([next], openAfter([row("a", 0)]));
    assert.deepEqual(others, []);
    assert.deepEqual(
      [grown?.id, grown?.firstMs, grown?.dueMs, grown?.events, grown?.latest, grown?.added],
      [before?.id, 0, 14_000, 2, next, [next]],
    );
  });

  it("keeps keys apart, and leaves alone what is not collected", () => {
    const rows = [row("a", 0), row(undefined, 0), row("b", 1), row("a", 2)];
    assert.deepEqual(
      fold(rows).map(({ added }) => added),
      [[rows[0], rows[3]], [rows[2]]],
    );
  });

  it("stops before an event whose key's time was over when it came", () => {
    const open = openAfter([row("a", 0)]);
    assert.equal(countInTime(open, [row("b", 30), row("a", 9.999), row("a", 12)]), 3);
    assert.equal(countInTime(open, [row("b", 30), row("a", 10), row("b", 31)]), 1);
    assert.equal(countInTime(none, [row("a", 0), row("a", 5), row("a", 15), row("a", 16)]), 2);
    assert.equal(countInTime(open, [row(undefined, 50)]), 1);
  });

  it("ends at once at twenty thousand events", () => {
    const open = new Map(openAfter([row("a", 0)]));
    for (const [key, debounce] of open) open.set(key, { ...debounce, events: 19_999 });
    assert.equal(fold([row("a", 1)], open)[0]?.dueMs, 1_000);
    assert.equal(countInTime(open, [row("a", 1), row("a", 1)]), 1);
  });
});
