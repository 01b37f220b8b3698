import assert from "node:assert/strict";
import type { Executor } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { ReadThroughCache } from "../../src/platform/read-through-cache.ts";
import { Signals } from "../../src/platform/signals.ts";
import { TestClock } from "../support/test-clock.ts";

const pool = {} as Executor;
const transaction = {} as Executor;

/** A cache over a table in memory, whose reads a test sees, and can hold back. */
function cacheOver(rows: Record<string, string>, maxEntries = 100) {
  const table = new Map(Object.entries(rows));
  const clock = new TestClock();
  const reads: (readonly string[])[] = [];
  const held: (() => void)[] = [];
  const settings = { holds: false, fails: false };
  const cache = new ReadThroughCache<string>({
    clock,
    signals: new Signals("postgres://nowhere", createLogger("silent")),
    topic: "sources",
    maxEntries,
    load: async (_db, keys) => {
      reads.push(keys);
      if (settings.fails) throw new Error("the database is away");
      const answer = new Map([...table].filter(([key]) => keys.includes(key)));
      if (settings.holds) await new Promise<void>((resolve) => held.push(resolve));
      return answer;
    },
  });
  const release = (): void => {
    for (const resolve of held.splice(0)) resolve();
  };
  return { cache, table, clock, reads, settings, release };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a read-through cache", () => {
  it("reads a key once, and remembers that one is absent", async () => {
    const { cache, reads } = cacheOver({ a: "A" });
    for (const _ of [1, 2]) {
      assert.equal(await cache.get(pool, "a"), "A");
      assert.equal(await cache.get(pool, "none"), undefined);
    }
    assert.deepEqual(reads, [["a"], ["none"]]);
    assert.deepEqual(cache.peek("a")?.value, "A");
    assert.equal(cache.peek("none")?.value, undefined);
    assert.equal(cache.peek("never asked for"), undefined);
  });

  it("reads many at once, each key once, and only those that are not in memory", async () => {
    const { cache, reads } = cacheOver({ a: "A", b: "B", c: "C" });
    await cache.get(pool, "a");
    const found = await cache.getMany(pool, ["a", "b", "c", "b", "none"]);
    assert.deepEqual(Object.fromEntries(found), { a: "A", b: "B", c: "C" });
    assert.deepEqual(reads, [["a"], ["b", "c", "none"]]);
  });

  it("reads again after five minutes, or when it is told to forget", async () => {
    const { cache, table, clock } = cacheOver({ a: "A", b: "B" });
    await cache.getMany(pool, ["a", "b", "none"]);
    for (const key of ["a", "b", "none"]) table.set(key, "new");
    clock.advanceBy(299);
    assert.equal(await cache.get(pool, "a"), "A");
    cache.forget(["b", "none"]);
    assert.equal(await cache.get(pool, "b"), "new");
    assert.equal(await cache.get(pool, "none"), "new");
    assert.equal(await cache.get(pool, "a"), "A");
    clock.advanceBy(2);
    assert.equal(await cache.get(pool, "a"), "new");
    table.set("a", "newer");
    cache.forget("all");
    assert.equal(await cache.get(pool, "a"), "newer");
  });

  it("lets those who ask at the same time share a read, and has one read under way", async () => {
    const { cache, reads, settings, release } = cacheOver({ a: "A", b: "B" });
    settings.holds = true;
    const first = Array.from({ length: 50 }, () => cache.get(pool, "a"));
    await turn();
    const later = [cache.get(pool, "a"), cache.get(pool, "b"), cache.get(pool, "none")];
    await turn();
    assert.deepEqual(reads, [["a"]]);
    release();
    await turn();
    // The read under way has brought a.
    assert.deepEqual(reads, [["a"], ["b", "none"]]);
    release();
    assert.deepEqual(new Set(await Promise.all(first)), new Set(["A"]));
    assert.deepEqual(await Promise.all(later), ["A", "B", undefined]);
  });

  it("does not let a transaction wait for another's read", async () => {
    const { cache, reads, settings, release } = cacheOver({ a: "A" });
    settings.holds = true;
    const slow = cache.get(pool, "a");
    await turn();
    settings.holds = false;
    assert.equal(await cache.get(transaction, "a"), "A");
    assert.equal(reads.length, 2);
    release();
    assert.equal(await slow, "A");
  });

  it("does not keep what was read before a change, and does not answer with it who asks after the change", async () => {
    const { cache, table, settings, release } = cacheOver({ a: "old" });
    settings.holds = true;
    const before = cache.get(pool, "a");
    await turn();
    table.set("a", "new");
    cache.forget(["a"]);
    const after = cache.get(pool, "a");
    settings.holds = false;
    release();
    assert.equal(await before, "old");
    assert.equal(await after, "new");
    assert.equal(cache.peek("a")?.value, "new");
  });

  it("tells everyone who waits when a read fails, and reads again for the next one", async () => {
    const { cache, settings } = cacheOver({ a: "A" });
    settings.fails = true;
    const settled = await Promise.allSettled([cache.get(pool, "a"), cache.get(pool, "b"), cache.getMany(pool, ["a"])]);
    assert.deepEqual(
      settled.map(({ status }) => status),
      ["rejected", "rejected", "rejected"],
    );
    settings.fails = false;
    assert.equal(await cache.get(pool, "a"), "A");
  });

  it("stays within its bound, and lets absent keys push out no other", async () => {
    const { cache } = cacheOver({ a: "A", b: "B", c: "C", d: "D" }, 3);
    for (const key of ["a", "b", "c"]) await cache.get(pool, key);
    await cache.getMany(
      pool,
      Array.from({ length: 500 }, (_, index) => `none ${index}`),
    );
    assert.equal(cache.peek("a")?.value, "A");
    assert.equal(cache.peek("none 0"), undefined);
    assert.ok(cache.peek("none 499"));
    await cache.get(pool, "d");
    assert.equal(cache.peek("a"), undefined);
    assert.equal(cache.peek("b")?.value, "B");
  });
});
