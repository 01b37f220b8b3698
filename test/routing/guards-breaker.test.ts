import assert from "node:assert/strict";
import { type Lanes, startLanes } from "./lanes.ts";

describe("The breaker of a route", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  after(() => lanes[Symbol.asyncDispose]());
  afterEach(() => lanes.clear());

  const sendAndDecide = async (times: number): Promise<string[]> => {
    const ids = [];
    for (let sent = 0; sent < times; sent += 1) ids.push(await lanes.send());
    await lanes.decide();
    return await Promise.all(ids.map(async (id) => (await lanes.outcomes(id)).map((each) => each.join(" ")).join()));
  };
  const said = async (): Promise<{ id: string; subscriberId?: string }[]> =>
    (await lanes.test.call("GET", "/api/v1/messages?type=route.paused")).body.data;

  it("opens at one task too many, however they end, is announced once, and closes by itself", async () => {
    const route = await lanes.route({ limits: { breaker: { tasks: 3, perSeconds: 60, cooldownSeconds: 300 } } });
    const agent = (await lanes.test.call("GET", `/api/v1/routes/${route}`)).body.agent as string;
    assert.deepEqual(await sendAndDecide(2), ["matched", "matched"]);
    const lease = { workerId: "w", agents: [agent], max: 2 };
    for (const { task, leaseToken } of (await lanes.test.call("POST", "/api/v1/worker/lease", lease)).body.tasks)
      await lanes.test.call("POST", `/api/v1/worker/tasks/${task.id}/complete`, { leaseToken, result: "done" });
    assert.deepEqual(await sendAndDecide(4), [
      "matched",
      "held breaker_open",
      "held breaker_open",
      "held breaker_open",
    ]);
    lanes.test.clock.advanceBy(120);
    assert.deepEqual(await sendAndDecide(1), ["held breaker_open"]);
    const messages = await said();
    assert.equal(messages.length, 1);
    const { data } = (await lanes.test.call("GET", `/api/v1/messages/${messages[0]?.id}`)).body;
    assert.deepEqual(
      { ...data.route, resumesAt: "" },
      {
        id: route,
        name: data.route.name,
        reason: "breaker",
        tasks: 3,
        perSeconds: 60,
        resumesAt: "",
      },
    );
    assert.ok(Date.parse(data.route.resumesAt) > lanes.test.clock.now());
    lanes.test.clock.advanceBy(190);
    assert.deepEqual(await sendAndDecide(4), ["matched", "matched", "matched", "held breaker_open"]);
    assert.equal((await said()).length, 2);
  });

  it("stays closed while tasks come slowly enough", async () => {
    await lanes.route({ limits: { breaker: { tasks: 1, perSeconds: 10 } } });
    for (let times = 0; times < 3; times += 1) {
      assert.deepEqual(await sendAndDecide(1), ["matched"]);
      lanes.test.clock.advanceBy(11);
    }
  });

  it("is closed by hand, by whoever may pause a route", async () => {
    const route = await lanes.route({ limits: { breaker: { tasks: 1, perSeconds: 60, cooldownSeconds: 3_600 } } });
    const path = `/api/v1/routes/${route}/reset-breaker`;
    assert.deepEqual(await sendAndDecide(2), ["matched", "held breaker_open"]);
    assert.equal((await lanes.test.as(await lanes.test.keyFor("viewer"))("POST", path)).status, 403);
    const reset = await lanes.test.as(await lanes.test.keyFor("operator"))("POST", path);
    assert.deepEqual([reset.status, reset.body.id], [200, route]);
    assert.deepEqual(await sendAndDecide(2), ["matched", "held breaker_open"]);
    assert.equal((await (await lanes.test.inAnotherProject())("POST", path)).status, 404);
  });

  it("counts no task that a budget held back", async () => {
    await lanes.route({ limits: { breaker: { tasks: 1, perSeconds: 600 }, budget: { tasksPerDay: 0 } } });
    assert.deepEqual(
      await sendAndDecide(3),
      Array.from({ length: 3 }, () => "held budget_exceeded"),
    );
  });

  it("counts no task that a key turned away", async () => {
    await lanes.route({ keys: { dedupe: "event.type" }, limits: { breaker: { tasks: 2, perSeconds: 600 } } });
    assert.deepEqual(await sendAndDecide(1), ["matched"]);
    for (let times = 0; times < 4; times += 1) assert.deepEqual(await sendAndDecide(1), ["deduplicated duplicate_key"]);
  });

  it("gives the budget back what it holds", async () => {
    const budget = { tasksPerDay: 5 };
    await lanes.route({ limits: { breaker: { tasks: 2, perSeconds: 600 }, budget } });
    assert.deepEqual(await sendAndDecide(4), ["matched", "matched", "held breaker_open", "held breaker_open"]);
    const { data } = (await lanes.test.call("GET", "/api/v1/budgets")).body;
    assert.deepEqual(
      data.map((each: { used: { day: { tasks: number } } }) => each.used.day.tasks),
      [2],
    );
  });
});
