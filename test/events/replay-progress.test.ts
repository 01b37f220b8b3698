import assert from "node:assert/strict";
import { advanceReplays } from "../../src/events/advance-replays.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import type { Database, Transaction } from "../../src/platform/database.ts";
import { decidePending } from "../../src/routing/decide-pending.ts";
import { createRouteCache, type RouteCache } from "../../src/routing/route-cache.ts";
import type { TaskServices } from "../../src/tasks/announce-tasks.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { openReplayBench, type ReplayBench } from "./replay-support.ts";

/** The services, with every transaction as `change` makes it. */
function withTransactions(services: TaskServices, change: (tx: Transaction) => Partial<Transaction>): TaskServices {
  const db: Database = {
    ...services.db,
    kysely: services.db.kysely,
    transaction: (work) =>
      services.db.transaction((tx) =>
        work({
          kysely: tx.kysely,
          query: (statement, values) => tx.query(statement, values),
          afterCommit: (callback) => tx.afterCommit(callback),
          ...change(tx),
        }),
      ),
  };
  return { ...services, db };
}

describe("a replay under way", () => {
  let test: TestHub;
  let routes: RouteCache;
  let services: TaskServices;
  before(async () => {
    // Without background work: the tests do it themselves.
    test = await startTestHub({ role: "web" });
    services = test.hub.services;
    routes = createRouteCache(services);
  });
  after(() => test[Symbol.asyncDispose]());

  const open = async (route?: object): Promise<ReplayBench & { cancel(id: string): ReturnType<TestHub["call"]> }> => {
    const call = await test.inAnotherProject();
    const bench = await openReplayBench(test, call, route);
    return { ...bench, cancel: (id) => call("POST", `/api/v1/replays/${id}/cancel`) };
  };
  const advance = async (its = services): Promise<void> => {
    while ((await advanceReplays(its, routes)) > 0);
  };
  const twice = (count: number): number[] => Array.from({ length: count }, () => 2);

  it("keeps to its rate, and does not make up for more than a second that it lost", async () => {
    const bench = await open();
    const sent = await bench.send(14);
    const { id } = await bench.start({ filter: {}, ratePerSecond: 2 });
    const doneAfter = async (seconds: number): Promise<number> => {
      test.clock.advanceBy(seconds);
      await advance();
      return (await bench.read(id)).done;
    };
    assert.equal(await doneAfter(0), 2, "those of the first second");
    assert.equal(await doneAfter(0.4), 2);
    assert.equal(await doneAfter(0.6), 4);
    assert.ok((await doneAfter(600)) <= 8, "nobody was there for ten minutes");
    for (let second = 0; second < 4; second += 1) await doneAfter(1);
    assert.deepEqual(await bench.tasksOf(sent), twice(14));
    assert.equal((await bench.read(id)).state, "completed");
  });

  it("slower than one a second waits between its events", async () => {
    const bench = await open();
    await bench.send(2);
    const { id } = await bench.start({ filter: {}, ratePerSecond: 0.1 });
    await advance();
    test.clock.advanceBy(5);
    await advance();
    assert.equal((await bench.read(id)).done, 1);
    test.clock.advanceBy(6);
    await advance();
    assert.equal((await bench.read(id)).done, 2);
  });

  it("stops when it is canceled, and keeps what it did", async () => {
    const bench = await open();
    const sent = await bench.send(6);
    const { id } = await bench.start({ filter: {}, ratePerSecond: 2 });
    await advance();
    const canceled = await bench.cancel(id);
    assert.deepEqual([canceled.status, canceled.body.state, canceled.body.done], [200, "canceled", 2]);
    test.clock.advanceBy(60);
    await advance();
    assert.deepEqual(await bench.tasksOf(sent), [2, 2, 1, 1, 1, 1]);
    const again = await bench.cancel(id);
    assert.deepEqual([again.status, again.body.code], [409, "replay_ended"]);
  });

  it("that dies with its transaction replays each event once all the same", async () => {
    const bench = await open();
    const sent = await bench.send(7);
    const { id } = await bench.start({ filter: {}, ratePerSecond: 3 });
    await advance();
    let deaths = 0;
    const unavailable = Object.assign(new Error("Connection terminated unexpectedly"), { code: "ECONNRESET" });
    const dying: TaskServices = {
      ...services,
      db: {
        ...services.db,
        kysely: services.db.kysely,
        transaction: (work) =>
          services.db.transaction(async (tx) => {
            await work(tx);
            deaths += 1;
            throw unavailable;
          }),
      },
    };
    test.clock.advanceBy(1);
    await assert.rejects(advance(dying), { code: "database_unavailable" });
    assert.equal(deaths, 1, "what the database cannot do now is not the events' fault");
    assert.equal((await bench.read(id)).done, 3);
    assert.deepEqual(await bench.tasksOf(sent), [2, 2, 2, 1, 1, 1, 1]);
    for (let second = 0; second < 4; second += 1) {
      await advance();
      test.clock.advanceBy(1);
    }
    assert.deepEqual(await bench.tasksOf(sent), twice(7));
    assert.equal((await bench.read(id)).done, 7);
  });

  it("is the work of one process at a time, whichever that is", async () => {
    const bench = await open();
    const sent = await bench.send(40);
    const { id } = await bench.start({ filter: {}, ratePerSecond: 10 });
    while ((await bench.read(id)).state === "running") {
      await Promise.all([1, 2, 3].map(() => advance()));
      test.clock.advanceBy(1);
    }
    const replay = await bench.read(id);
    assert.deepEqual([replay.done, replay.tasks, replay.failed], [40, 40, 0]);
    assert.deepEqual(await bench.tasksOf(sent), twice(40));
  });

  it("passes over an event that cannot be routed, and says so", async () => {
    const bench = await open();
    const sent = await bench.send(5);
    const poisoned = fromWireId("event", sent[2] ?? "");
    const { id } = await bench.start({ filter: {} });
    const failing = withTransactions(services, (tx) => ({
      query: async (statement, values) => {
        if (statement.text.startsWith("INSERT INTO tasks ") && JSON.stringify(values).includes(poisoned ?? "?"))
          throw new Error("no such luck");
        return await tx.query(statement, values);
      },
    }));
    test.clock.advanceBy(1);
    await advance(failing);
    const replay = await bench.read(id);
    assert.deepEqual([replay.state, replay.done, replay.failed, replay.tasks], ["completed", 5, 1, 4]);
    assert.equal(replay.error, "no such luck");
    assert.deepEqual(await bench.tasksOf(sent), [2, 2, 1, 2, 2]);
  });

  it("leaves to the guards of a route what is theirs, dedupe keys among the same replay alone", async () => {
    const bench = await open({ keys: { dedupe: "event.body.action" } });
    const sent = await bench.send(3);
    const { id } = await bench.start({ filter: {} });
    await advance();
    const replay = await bench.read(id);
    assert.deepEqual([replay.state, replay.tasks, replay.pending], ["completed", 0, 3]);
    while ((await decidePending(services)) > 0);
    for (const generation of [0, 1]) {
      const decided = await Promise.all(sent.map((eventId) => bench.decisions(eventId, generation)));
      assert.deepEqual(
        decided.flat().map((decision) => decision.outcome),
        ["matched", "deduplicated", "deduplicated"],
      );
    }
  });
});
