import assert from "node:assert/strict";
import type { FairShare } from "../../src/platform/fair-claim.ts";
import type { GroupedJob } from "../../src/platform/queue.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const queueName = "claimed";
const options = { partition: true, fair: true, retryLimit: 3 } as const;

describe("a fair claim", () => {
  let ctx: TestContext;
  beforeEach(async () => {
    ctx = await createTestContext();
    await ctx.queue.ensure(queueName, options);
  });
  afterEach(() => ctx[Symbol.asyncDispose]());

  async function insert(...groups: readonly (readonly [string, number])[]): Promise<void> {
    const jobs = groups.flatMap(([id, count]) =>
      Array.from({ length: count }, () => ({ id: ctx.newId(), group: { id } })),
    );
    await ctx.queue.insert(ctx.db, queueName, jobs);
  }

  async function claim(share: Partial<FairShare> = {}): Promise<GroupedJob[]> {
    const defaults = { after: "", rooms: new Map<string, number>(), defaultRoom: 10, limit: 100 };
    return await ctx.db.transaction((tx) => ctx.queue.claimFairly(tx, queueName, { ...defaults, ...share }));
  }

  const groupsOf = (jobs: readonly GroupedJob[]): Record<string, number> =>
    Object.fromEntries([...Map.groupBy(jobs, ({ groupId }) => groupId)].map(([id, ofGroup]) => [id, ofGroup.length]));

  it("gives each group up to its room", async () => {
    await insert(["a", 20], ["b", 20], ["c", 3]);
    const jobs = await claim({
      rooms: new Map([
        ["a", 0],
        ["b", 2],
      ]),
    });
    assert.deepEqual(groupsOf(jobs), { b: 2, c: 3 });
    assert.deepEqual(groupsOf(await claim()), { a: 10, b: 10 });
  });

  it("begins after the group that had its turn last, and goes round", async () => {
    await insert(["a", 5], ["b", 5], ["c", 5]);
    assert.deepEqual(groupsOf(await claim({ limit: 7, after: "b" })), { a: 2, c: 5 });
    assert.deepEqual(groupsOf(await claim({ limit: 5, after: "a" })), { b: 5 });
    assert.deepEqual(groupsOf(await claim({ limit: 5, after: "c" })), { a: 3 });
    assert.deepEqual(await claim(), []);
  });

  it("gives the oldest jobs of the highest priority first", async () => {
    const [low, high, older] = [ctx.newId(), ctx.newId(), ctx.newId()];
    const group = { id: "a" };
    await ctx.queue.insert(ctx.db, queueName, [{ id: older, group }]);
    await ctx.queue.insert(ctx.db, queueName, [
      { id: low, group },
      { id: high, group, priority: 5 },
    ]);
    const claimed = [];
    for (let count = 0; count < 3; count += 1) claimed.push(...(await claim({ limit: 1 })));
    assert.deepEqual(
      claimed.map(({ id }) => id),
      [high, older, low],
    );
  });

  it("gives a job to one of many that claim at once", async () => {
    await insert(["a", 40], ["b", 40]);
    const claims = await Promise.all(Array.from({ length: 4 }, () => claim({ limit: 30, defaultRoom: 40 })));
    const ids = claims.flat().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids.length, 80);
  });

  it("counts the attempt, as pg-boss' own fetch does: a stale holder removes nothing", async () => {
    await insert(["a", 1]);
    const [stale] = await claim();
    assert.ok(stale !== undefined);
    assert.equal(stale.retryCount, 0);
    const takeBack = "UPDATE pgboss.job SET state = 'retry' WHERE name = $1";
    await ctx.db.query({ text: takeBack }, [queueName]);
    const [current] = await claim();
    assert.deepEqual(current, { ...stale, retryCount: 1 });
    await ctx.queue.remove(ctx.db, queueName, [stale]);
    const rows = () => ctx.db.query({ text: "SELECT 1 FROM pgboss.job WHERE name = $1" }, [queueName]);
    assert.equal((await rows()).length, 1);
    await ctx.queue.remove(ctx.db, queueName, [current]);
    assert.equal((await rows()).length, 0);
  });

  it("passes over jobs that are not due", async () => {
    await insert(["a", 2]);
    const later = "UPDATE pgboss.job SET start_after = now() + interval '1 hour' WHERE name = $1";
    await ctx.db.query({ text: later }, [queueName]);
    await insert(["b", 1]);
    assert.deepEqual(groupsOf(await claim()), { b: 1 });
  });

  it("reads no more of a backlog than it claims", async () => {
    await insert(["a", 5_000], ["b", 50]);
    const read = await ctx.db.transaction(async (tx) => {
      const share = { after: "", rooms: new Map([["a", 0]]), defaultRoom: 10, limit: 5 };
      assert.deepEqual(groupsOf(await ctx.queue.claimFairly(tx, queueName, share)), { b: 5 });
      const text = `SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::int AS rows FROM pg_stat_xact_all_tables
                    WHERE schemaname = 'pgboss' AND relname LIKE 'j%'`;
      const [row] = await tx.query<{ rows: number }>({ text }, []);
      return row?.rows ?? 0;
    });
    assert.ok(read >= 5 && read < 50, `${read} rows`);
  });

  it("may be prepared by processes that start at once", async () => {
    await Promise.all(Array.from({ length: 6 }, () => ctx.queue.ensure(`${queueName}.anew`, options)));
  });
});
