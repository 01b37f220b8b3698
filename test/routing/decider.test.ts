import assert from "node:assert/strict";
import { fromWireId } from "../../src/lib/ids.ts";
import type { Database } from "../../src/platform/database.ts";
import { decidePending } from "../../src/routing/decide-pending.ts";
import { eventually } from "../support/eventually.ts";
import { type Lanes, startLanes } from "./lanes.ts";

// Guarded, and nothing stands in its way.
const guarded = { limits: { rate: { count: 1_000_000, perSeconds: 1 } } };

describe("the lane of a route whose guards need the database", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  after(async () => {
    await lanes[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await lanes.clear();
    assert.equal(await lanes.count("pending_decisions"), 0);
  });

  const eventsOf = async (routeId: string): Promise<string[]> =>
    (await lanes.tasks(routeId)).map((task) => task.event.id);

  it("has the event as soon as its sender has the answer, and makes its task when it is decided", async () => {
    const routeId = await lanes.route(guarded);
    const id = await lanes.send();
    const [pending] = (await lanes.event(id)).decisions;
    assert.deepEqual([pending.routeId, pending.outcome, pending.generation], [routeId, "pending", 0]);
    assert.deepEqual(await lanes.tasks(routeId), []);
    await lanes.decide();
    const [task] = await lanes.tasks(routeId);
    const [decision] = (await lanes.event(id)).decisions;
    assert.deepEqual([decision.outcome, decision.taskId], ["matched", task.id]);
  });

  it("is decided at once where there is a process that works, and none has to ask for it", async () => {
    await using worker = await lanes.test.startAnother("worker");
    const routeId = await lanes.route(guarded);
    const startMs = performance.now();
    const id = await lanes.send();
    await eventually(async () => assert.deepEqual(await eventsOf(routeId), [id]), 2_000);
    assert.ok(performance.now() - startMs < 2_000);
    await worker.stop();
  });

  it("is decided in the order in which the senders were answered, whatever the clocks of the hubs say", async () => {
    const routeId = await lanes.route(guarded);
    const sent = [await lanes.send(), await lanes.send()];
    // As on a hub whose clock is behind.
    lanes.test.clock.advanceBy(-3600);
    sent.push(await lanes.send());
    lanes.test.clock.advanceBy(3600);
    sent.push(await lanes.send());
    await lanes.decide();
    const { db } = lanes.test.hub.services;
    const rows = await db.query<{ event_id: string }>(
      { text: "SELECT event_id FROM event_decisions WHERE route_id = $1 ORDER BY ctid" },
      [fromWireId("route", routeId)],
    );
    assert.deepEqual(
      rows.map((row) => row.event_id),
      sent.map((id) => fromWireId("event", id)),
    );
  });

  it("passes over none that commits after one behind it", async () => {
    const routeId = await lanes.route(guarded);
    const { db } = lanes.test.hub.services;
    const late = await lanes.send();
    const columns = "route_id, event_id, generation, project_id, agent_id, routed_at, bytes, candidate";
    await db.query({ text: "CREATE TABLE taken_out AS SELECT * FROM pending_decisions" }, []);
    await db.query({ text: "DELETE FROM pending_decisions" }, []);
    const drawn = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    // As an accept that has drawn its number, and whose commit takes its time.
    const accepting = db.transaction(async (tx) => {
      await tx.query({ text: `INSERT INTO pending_decisions (${columns}) SELECT ${columns} FROM taken_out` }, []);
      drawn.resolve();
      await gate.promise;
    });
    await drawn.promise;
    const next = await lanes.send();
    await lanes.decide();
    assert.deepEqual(await eventsOf(routeId), [next]);
    gate.resolve();
    await accepting;
    await lanes.decide();
    assert.deepEqual((await eventsOf(routeId)).toSorted(), [late, next].toSorted());
  });

  it("sets an event aside that cannot be decided, and goes on with those around it", async () => {
    const routeId = await lanes.route(guarded);
    const sent = [];
    for (let count = 0; count < 9; count += 1) sent.push(await lanes.send());
    const { db } = lanes.test.hub.services;
    for (const index of [0, 4, 5])
      await db.query(
        {
          text: `UPDATE pending_decisions SET candidate = '{"limits":{},"task":{"input":"x","priority":1e99},"event":{}}'
                 WHERE event_id = $1`,
        },
        [fromWireId("event", sent[index] ?? "")],
      );
    await lanes.decide();
    const poisoned = [sent[0], sent[4], sent[5]];
    assert.deepEqual(
      await eventsOf(routeId),
      sent.filter((id) => !poisoned.includes(id)),
    );
    for (const id of poisoned) {
      const [decision] = (await lanes.event(id ?? "")).decisions;
      assert.deepEqual([decision.outcome, decision.reason], ["failed", "internal_error"]);
      assert.match(decision.detail, /log/);
    }
  });

  it("is one process' at a time, and others decide on other routes meanwhile", async () => {
    const routes = [await lanes.route(guarded), await lanes.route(guarded)];
    const sent = await Promise.all(Array.from({ length: 40 }, () => lanes.send()));
    const { services } = lanes.test.hub;
    await Promise.all([1, 2, 3, 4].map(() => decidePending(services)));
    await lanes.decide();
    for (const routeId of routes) assert.deepEqual((await eventsOf(routeId)).toSorted(), sent.toSorted());
  });

  it("decides all of a batch or nothing of it, so that a process that dies on the way leaves it to the next", async () => {
    const routeId = await lanes.route(guarded);
    const { services } = lanes.test.hub;
    const id = await lanes.send();
    const dying: Database = {
      ...services.db,
      kysely: services.db.kysely,
      transaction: (work) =>
        services.db.transaction(async (tx) => {
          await work(tx);
          // As Postgres ends a transaction whose connection is gone.
          throw Object.assign(new Error("terminating connection"), { code: "57P01" });
        }),
    };
    await decidePending({ ...services, db: dying });
    assert.deepEqual(await lanes.outcomes(id), [["pending"]]);
    await lanes.decide();
    assert.deepEqual(await eventsOf(routeId), [id]);
  });

  for (const [how, off] of [
    ["disabled", (id: string) => lanes.change(id, { enabled: false })],
    ["deleted", async (id: string) => void (await lanes.test.call("DELETE", `/api/v1/routes/${id}`))],
  ] as const)
    it(`makes no more tasks once its route is ${how}, and says so`, async () => {
      const routeId = await lanes.route(guarded);
      const id = await lanes.send();
      await off(routeId);
      await lanes.decide();
      assert.deepEqual(await lanes.outcomes(id), [["held", `route_${how}`]]);
      assert.deepEqual(await lanes.tasks(routeId), []);
    });
});
