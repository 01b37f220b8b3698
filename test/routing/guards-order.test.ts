import assert from "node:assert/strict";
import { toWireId } from "../../src/lib/ids.ts";
import { createOriginMarker, originMarkerText } from "../../src/lib/origin-marker.ts";
import { type Admission, wouldAdmit } from "../../src/routing/guards/admit.ts";
import { newDeliveryId, storedOf } from "../inbound/senders.ts";
import { type Lanes, startLanes } from "./lanes.ts";

describe("Guards are asked in their order", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
    lanes.test.clock.advanceBy(86_400 - ((lanes.test.clock.now() / 1000) % 86_400) + 60);
  });
  after(() => lanes[Symbol.asyncDispose]());
  afterEach(() => lanes.clear());

  const outcome = async (id: string): Promise<string> =>
    (await lanes.outcomes(id)).map((each) => each.join(" ")).join();
  const send = async (body: object = {}): Promise<string> => {
    const id = await lanes.send(body);
    await lanes.decide();
    return await outcome(id);
  };
  const marked = (): object => {
    const { originKeys, newId } = lanes.test.hub.services;
    return { marker: originMarkerText(createOriginMarker(originKeys.current, toWireId("task", newId()), 0)) };
  };
  const usedTasks = async (): Promise<number[]> =>
    (await lanes.test.call("GET", "/api/v1/budgets")).body.data.map(
      (each: { used: { day: { tasks: number } } }) => each.used.day.tasks,
    );

  it("filter, loop, actor, rate, budget, concurrency; and none that comes later counts what an earlier one stopped", async () => {
    await lanes.route({
      when: "event.body.wanted",
      actors: { deny: ["bot"] },
      limits: { rate: { count: 4, perSeconds: 600 }, budget: { tasksPerDay: 2 } },
      keys: { concurrency: { key: "event.body.key", policy: "drop" } },
    });
    const bot = { sender: { login: "bot" } };
    for (let times = 0; times < 5; times += 1) {
      assert.equal(await send({ wanted: false, ...bot, ...marked() }), "no_match");
      assert.equal(await send({ wanted: true, key: "a", ...bot, ...marked() }), "held loop_marker");
      assert.equal(await send({ wanted: true, key: "a", ...bot }), "held actor");
    }
    assert.equal(await send({ wanted: true, key: "a" }), "matched");
    // Two drops count against the rate, and not against the budget.
    assert.equal(await send({ wanted: true, key: "a" }), "held concurrency_dropped");
    assert.deepEqual(await usedTasks(), [1]);
    assert.equal(await send({ wanted: true, key: "b" }), "matched");
    assert.equal(await send({ wanted: true, key: "b" }), "held budget_exceeded");
    assert.equal(await send({ wanted: true, key: "c" }), "held rate_limited");
  });

  it("a repeat of a delivery is asked nothing at all", async () => {
    await lanes.route({ limits: { rate: { count: 2, perSeconds: 600 } } });
    const delivery = { id: newDeliveryId(), body: '{"action":"opened"}' };
    const first = storedOf(await lanes.source.send(delivery));
    for (let times = 0; times < 3; times += 1)
      assert.deepEqual([storedOf(await lanes.source.send(delivery)).eventId], [first.eventId]);
    await lanes.decide();
    assert.equal(await outcome(first.eventId), "matched");
    assert.equal(await send(), "matched");
    assert.equal(await send(), "held rate_limited");
  });

  it("a budget comes before events are collected, and counts what they become as one", async () => {
    await lanes.route({ debounce: { quietSeconds: 10, maxSeconds: 60 }, limits: { budget: { tasksPerDay: 1 } } });
    const collected = [await lanes.send(), await lanes.send(), await lanes.send()];
    await lanes.decide();
    assert.deepEqual(await usedTasks(), [0]);
    await lanes.pass(11);
    assert.deepEqual(await Promise.all(collected.map(outcome)), [
      "coalesced coalesced",
      "coalesced coalesced",
      "matched",
    ]);
    assert.deepEqual(await usedTasks(), [1]);
    assert.equal(await send(), "held budget_exceeded");
  });

  it("a rate counts the events that are collected, each when it comes", async () => {
    await lanes.route({
      debounce: { quietSeconds: 10, maxSeconds: 60 },
      limits: { rate: { count: 2, perSeconds: 600 } },
    });
    const sent = [await lanes.send(), await lanes.send(), await lanes.send()];
    await lanes.pass(11);
    assert.deepEqual(await Promise.all(sent.map(outcome)), ["coalesced coalesced", "matched", "held rate_limited"]);
  });

  it("what would be held is told without counting or writing anything", async () => {
    const { services } = lanes.test.hub;
    await lanes.test.call("PUT", "/api/v1/budget", { tasksPerDay: 3 });
    const admission = (): Admission => ({
      taskId: services.newId(),
      projectId: services.newId(),
      agentId: services.newId(),
      routeId: services.newId(),
      limits: {},
      atMs: services.clock.now(),
      stage: "whole",
    });
    const one = { ...admission(), projectId: (await projectUuid()) ?? "" };
    const limits = { rate: { count: 2, perSeconds: 60 }, breaker: { tasks: 1, perSeconds: 60, cooldownSeconds: 60 } };
    const tables = ["budget_accounts", "budget_tasks", "rate_windows", "route_breakers", "messages"];
    const before = await Promise.all(tables.map((table) => lanes.count(table)));
    for (let times = 0; times < 2; times += 1) {
      const limited = Array.from({ length: 3 }, () => ({ ...one, taskId: services.newId(), limits }));
      const holds = await wouldAdmit(services.db, services, limited);
      assert.deepEqual(
        holds.map((hold) => hold?.reason),
        [undefined, "breaker_open", "rate_limited"],
      );
      const unlimited = Array.from({ length: 4 }, () => ({ ...one, taskId: services.newId() }));
      const budgeted = await wouldAdmit(services.db, services, unlimited);
      assert.deepEqual(
        budgeted.map((hold) => hold?.reason),
        [undefined, undefined, undefined, "budget_exceeded"],
      );
    }
    assert.deepEqual(await Promise.all(tables.map((table) => lanes.count(table))), before);
    await lanes.test.call("DELETE", "/api/v1/budget");
  });

  const projectUuid = async (): Promise<string | undefined> => {
    const { db } = lanes.test.hub.services;
    const rows = await db.query<{ project_id: string }>({ text: "SELECT project_id FROM project_budgets" }, []);
    return rows[0]?.project_id;
  };
});
