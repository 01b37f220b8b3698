import assert from "node:assert/strict";
import { decidePending } from "../../src/routing/decide-pending.ts";
import { taskUuid } from "../support/working-hub.ts";
import { type Lanes, startLanes } from "./lanes.ts";

const perIssue = { debounce: { key: "event.body.issue", quietSeconds: 10, maxSeconds: 30 } };

describe("a route that collects events", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  after(async () => {
    await lanes[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await lanes.clear();
    for (const table of ["pending_decisions", "debounces", "debounced_events"])
      assert.equal(await lanes.count(table), 0, `nothing is left in ${table}`);
  });

  interface Collected {
    readonly coalesced: readonly { readonly id: string }[];
    readonly coalescedCount: number;
  }
  const idsOf = (task: Collected): string[] => task.coalesced.map((event) => event.id);
  const listed = (task: Collected) => [task.coalescedCount, ...idsOf(task)];

  it("makes one task of the events of a key, when none came for the quiet period: that of the latest", async () => {
    const routeId = await lanes.route(perIssue);
    const events = [await lanes.send({ issue: 1 })];
    await lanes.pass(9);
    events.push(await lanes.send({ issue: 1 }), await lanes.send({ issue: 1 }));
    await lanes.pass(9);
    assert.deepEqual(await lanes.tasks(routeId), []);
    for (const id of events) assert.deepEqual(await lanes.outcomes(id), [["pending", "debounce"]]);
    await lanes.pass(1);
    const [task, ...others] = await lanes.tasks(routeId);
    assert.equal(others.length, 0);
    assert.equal(task.event.id, events[2]);
    assert.equal(task.input, (await lanes.event(events[2] ?? "")).deliveryId);
    assert.deepEqual(listed(task), [3, ...events]);
    const [first, second, third] = await Promise.all(events.map((id) => lanes.event(id)));
    assert.deepEqual(
      [first, second, third].map((event) => event.decisions.map(({ outcome, taskId }: never) => [outcome, taskId])),
      [[["coalesced", task.id]], [["coalesced", task.id]], [["matched", task.id]]],
    );
  });

  it("keeps keys apart, and takes all events together when there is none", async () => {
    const perKey = await lanes.route(perIssue);
    const together = await lanes.route({ debounce: { quietSeconds: 10, maxSeconds: 30 } });
    const events = [await lanes.send({ issue: 1 }), await lanes.send({ issue: 2 }), await lanes.send({ issue: "1" })];
    await lanes.pass(10);
    assert.deepEqual((await lanes.tasks(perKey)).map(listed), [
      [1, events[1]],
      [2, events[0], events[2]],
    ]);
    assert.deepEqual((await lanes.tasks(together)).map(listed), [[3, ...events]]);
  });

  it("waits no longer than the maximum, however many come", async () => {
    const routeId = await lanes.route(perIssue);
    const events: string[] = [];
    for (let sent = 0; sent < 5; sent += 1) {
      events.push(await lanes.send({ issue: 1 }));
      await lanes.pass(7);
    }
    assert.deepEqual((await lanes.tasks(routeId)).map(listed), [[5, ...events]]);
    await lanes.send({ issue: 1 });
    await lanes.pass(10);
    assert.equal((await lanes.tasks(routeId)).length, 2);
  });

  it("goes by when the events came, not by when it is decided", async () => {
    const routeId = await lanes.route(perIssue);
    const events = [await lanes.send({ issue: 1 }), await lanes.send({ issue: 1 })];
    lanes.test.clock.advanceBy(11);
    events.push(await lanes.send({ issue: 1 }), await lanes.send({ issue: 2 }));
    await lanes.pass(30);
    assert.deepEqual(
      new Set((await lanes.tasks(routeId)).map((task) => listed(task).join(" "))),
      new Set([`2 ${events[0]} ${events[1]}`, `1 ${events[2]}`, `1 ${events[3]}`]),
    );
  });

  it("leaves it to a task that has the key, and says so of each event", async () => {
    const routeId = await lanes.route({ ...perIssue, keys: { dedupe: "event.body.issue" } });
    await lanes.send({ issue: 1 });
    await lanes.pass(10);
    const events = [await lanes.send({ issue: 1 }), await lanes.send({ issue: 1 })];
    await lanes.pass(10);
    assert.equal((await lanes.tasks(routeId)).length, 1);
    for (const id of events) assert.deepEqual(await lanes.outcomes(id), [["deduplicated", "duplicate_key"]]);
  });

  it("outlives the process that collected", async () => {
    const routeId = await lanes.route(perIssue);
    const events = [await lanes.send({ issue: 1 })];
    await lanes.decide();
    events.push(await lanes.send({ issue: 1 }));
    lanes.test.clock.advanceBy(10);
    await using another = await lanes.test.startAnother("worker");
    await another.processAll();
    assert.deepEqual((await lanes.tasks(routeId)).map(listed), [[2, ...events]]);
  });

  it("has each event in one task, whoever decides, and however often", async function () {
    this.timeout(30_000);
    const routeId = await lanes.route(perIssue);
    const { services } = lanes.test.hub;
    const events: string[] = [];
    const sending = new AbortController();
    const deciders = [1, 2, 3].map(async () => {
      while (!sending.signal.aborted) await decidePending(services);
    });
    try {
      for (let burst = 0; burst < 12; burst += 1) {
        events.push(...(await Promise.all(Array.from({ length: 25 }, (_, sent) => lanes.send({ issue: sent % 3 })))));
        lanes.test.clock.advanceBy(burst % 3 === 0 ? 11 : 6);
      }
    } finally {
      sending.abort();
    }
    await Promise.all(deciders);
    await lanes.pass(30);
    const tasks = await lanes.tasks(routeId);
    assert.deepEqual(tasks.flatMap(idsOf).toSorted(), events.toSorted());
    assert.ok(tasks.every((task) => task.coalescedCount === task.coalesced.length));
    const taskOf = new Map(tasks.flatMap((task) => idsOf(task).map((id) => [id, task.id])));
    for (const id of events) {
      const [decision, ...others] = (await lanes.event(id)).decisions;
      assert.deepEqual([decision.taskId, others], [taskOf.get(id), []]);
    }
  });

  it("lists the last thousand, and counts all", async function () {
    this.timeout(30_000);
    const routeId = await lanes.route(perIssue);
    const last: string[] = [];
    for (let sent = 0; sent < 1_020; sent += 60)
      last.push(...(await Promise.all(Array.from({ length: 60 }, () => lanes.send({ issue: 1 })))));
    await lanes.pass(10);
    const [task] = await lanes.tasks(routeId);
    assert.deepEqual([task.coalescedCount, task.coalesced.length], [1_020, 1_000]);
    assert.equal(task.coalesced.at(-1).id, task.event.id);
    const others = `event_decisions WHERE outcome = 'coalesced' AND task_id = '${taskUuid(task.id)}'`;
    assert.equal(await lanes.count(others), 1_019);
  });

  for (const [how, off] of [
    ["disabled", (id: string) => lanes.change(id, { enabled: false })],
    ["deleted", async (id: string) => void (await lanes.test.call("DELETE", `/api/v1/routes/${id}`))],
  ] as const)
    it(`makes no task once it is ${how}, and says so of each event at once`, async () => {
      const routeId = await lanes.route(perIssue);
      const events = [await lanes.send({ issue: 1 }), await lanes.send({ issue: 1 })];
      await lanes.decide();
      await off(routeId);
      await lanes.decide();
      assert.deepEqual(await lanes.tasks(routeId), []);
      for (const id of events) assert.deepEqual(await lanes.outcomes(id), [["held", `route_${how}`]]);
    });
});
