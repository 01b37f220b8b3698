import assert from "node:assert/strict";
import { type Database, openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { Queue } from "../../src/platform/queue.ts";
import { openBoss } from "../support/open-boss.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const log = createLogger("silent");

describe("The queue", () => {
  let database: TestDatabase;
  let db: Database;
  let queue: Queue;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase(database.connectionString, 3, log);
    queue = new Queue(database.connectionString, log, { supervise: false });
    await queue.start();
  });
  after(async () => {
    await queue.stop();
    await db.close();
    await database.drop();
  });

  const ids = (count: number): string[] => Array.from({ length: count }, () => crypto.randomUUID());
  const idsOf = (jobs: readonly { readonly id: string }[]): string[] => jobs.map((job) => job.id);

  it("stores jobs in the caller's transaction, once each, and gives the oldest of the highest priority", async () => {
    await queue.ensure("order");
    const [first, second, urgent] = ids(3) as [string, string, string];
    const failed = db.transaction(async (tx) => {
      await queue.insert(tx, "order", [{ id: first }]);
      throw new Error("no");
    });
    await assert.rejects(failed, /no/);
    assert.deepEqual(await queue.fetch(db, "order", 10), []);
    await queue.insert(db, "order", [{ id: first }]);
    await queue.insert(db, "order", [{ id: second }]);
    await queue.insert(db, "order", [{ id: first }, { id: urgent, priority: 1 }]);
    assert.deepEqual(idsOf(await queue.fetch(db, "order", 1)), [urgent]);
    assert.deepEqual(idsOf(await queue.fetch(db, "order", 1)), [first]);
    assert.deepEqual(idsOf(await queue.fetch(db, "order", 10)), [second]);
  });

  it("gives back a job to where it stood, and stores one that is gone", async () => {
    await queue.ensure("back");
    const [first, second, gone] = ids(3) as [string, string, string];
    await queue.insert(db, "back", [{ id: first, priority: 2 }]);
    await queue.insert(db, "back", [{ id: second, priority: 2 }]);
    await queue.fetch(db, "back", 1);
    await queue.giveBack(db, "back", [{ id: gone, priority: 1 }, { id: first }]);
    assert.deepEqual(idsOf(await queue.fetch(db, "back", 1)), [first]);
    assert.deepEqual(idsOf(await queue.fetch(db, "back", 1)), [second]);
    assert.deepEqual(idsOf(await queue.fetch(db, "back", 1)), [gone]);
  });

  it("deletes by id whatever its state, by attempt only while that attempt holds it", async () => {
    await queue.ensure("gone");
    const [waiting, held, stale] = ids(3) as [string, string, string];
    await queue.insert(db, "gone", [{ id: held }]);
    const [attempt] = await queue.fetch(db, "gone", 1);
    await queue.insert(db, "gone", [{ id: waiting }, { id: stale }]);
    await queue.remove(db, "gone", [{ id: stale, retryCount: 0 }]);
    await queue.remove(db, "gone", [waiting]);
    assert.deepEqual(idsOf(await queue.fetch(db, "gone", 9)), [stale]);
    await queue.remove(db, "gone", [{ id: held, retryCount: (attempt?.retryCount ?? 0) + 1 }]);
    const left = { text: "SELECT id FROM pgboss.job WHERE name = 'gone' ORDER BY created_on" };
    assert.deepEqual(idsOf(await db.query<{ id: string }>(left, [])), [held, stale]);
    await queue.remove(db, "gone", attempt === undefined ? [] : [attempt]);
    assert.deepEqual(idsOf(await db.query<{ id: string }>(left, [])), [stale]);
  });

  it("tells from which of several queues a fetch over all of them would take how many", async () => {
    for (const name of ["a", "b", "c"]) await queue.ensure(name);
    const ready = async (limit: number, places = 9): Promise<Record<string, number>> => {
      const shares = ["a", "b", "c"].map((name) => ({ name, limit: places }));
      return Object.fromEntries(await queue.ready(db, shares, limit));
    };
    assert.deepEqual(await ready(5), {});
    await queue.insert(
      db,
      "a",
      ids(1).map((id) => ({ id })),
    );
    await queue.insert(
      db,
      "b",
      ids(4).map((id) => ({ id })),
    );
    await queue.insert(
      db,
      "a",
      ids(3).map((id) => ({ id })),
    );
    await queue.insert(
      db,
      "c",
      ids(1).map((id) => ({ id, priority: 1 })),
    );
    assert.deepEqual(await ready(1), { c: 1 });
    assert.deepEqual(await ready(2), { c: 1, a: 1 });
    assert.deepEqual(await ready(4), { c: 1, a: 1, b: 2 });
    assert.deepEqual(await ready(9), { c: 1, a: 4, b: 4 });
    assert.deepEqual(await ready(9, 2), { c: 1, a: 2, b: 2 });
    await queue.fetch(db, "c", 1);
    assert.deepEqual(await ready(1), { a: 1 });
  });

  it("hands over what it gave up, in the transaction that settles it", async () => {
    await queue.ensure("dead");
    await queue.ensure("alive", { deadLetter: "dead", retryLimit: 0, expireInSeconds: 1 });
    const [lost, redriven] = ids(2) as [string, string];
    await queue.insert(db, "alive", [{ id: lost }, { id: redriven }]);
    await queue.fetch(db, "alive", 2);
    await db.query({ text: "UPDATE pgboss.job SET started_on = now() - interval '1 minute' WHERE name = 'alive'" }, []);
    await using boss = await openBoss(database.connectionString);
    await boss.supervise();

    const failed = db.transaction(async (tx) => {
      assert.equal((await queue.takeDead(tx, "dead", 10)).length, 2);
      throw new Error("no");
    });
    await assert.rejects(failed, /no/);
    await queue.giveBack(db, "alive", [{ id: redriven }]);
    await db.transaction(async (tx) => {
      const dead = await queue.takeDead(tx, "dead", 10);
      assert.deepEqual(new Set(dead.map((job) => job.sourceId)), new Set([lost, redriven]));
      assert.ok(dead.every((job) => job.sourceQueue === "alive"));
      assert.deepEqual(await queue.selectUnfinished(tx, dead), new Set([redriven]));
    });
    assert.equal(await db.transaction(async (tx) => (await queue.takeDead(tx, "dead", 10)).length), 0);
  });
});
