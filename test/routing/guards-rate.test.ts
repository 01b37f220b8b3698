import assert from "node:assert/strict";
import { decidePending } from "../../src/routing/decide-pending.ts";
import { admit } from "../../src/routing/guards/admit.ts";
import { forgetEndedRates } from "../../src/routing/guards/rate-windows.ts";
import { type Lanes, startLanes } from "./lanes.ts";

describe("The rate of a route", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  after(() => lanes[Symbol.asyncDispose]());
  afterEach(() => lanes.clear());

  const outcome = async (id: string): Promise<string> =>
    (await lanes.outcomes(id)).map((each) => each.join(" ")).join();

  it("lets so many through from the first on, holds the others and says until when", async () => {
    await lanes.route({ limits: { rate: { count: 2, perSeconds: 60 } } });
    const sent = [await lanes.send(), await lanes.send(), await lanes.send()];
    await lanes.decide();
    assert.deepEqual(await Promise.all(sent.map(outcome)), ["matched", "matched", "held rate_limited"]);
    const [held] = (await lanes.event(sent[2] ?? "")).decisions;
    assert.match(held.detail, /^the route takes 2 in 60 s; again from \d{4}-/);
    lanes.test.clock.advanceBy(61);
    const later = await lanes.send();
    await lanes.decide();
    assert.equal(await outcome(later), "matched");
    // What was held stays so.
    assert.equal(await outcome(sent[2] ?? ""), "held rate_limited");
  });

  it("is counted apart for each key", async () => {
    await lanes.route({ limits: { rate: { count: 1, perSeconds: 60, key: "event.body.issue.title" } } });
    const send = (title: string): Promise<string> => lanes.send({ issue: { title } });
    const sent = [await send("a"), await send("b"), await send("a"), await send("A")];
    await lanes.decide();
    assert.deepEqual(await Promise.all(sent.map(outcome)), ["matched", "matched", "held rate_limited", "matched"]);
  });

  it("counts events by when they came, not by when they were decided on", async () => {
    await lanes.route({ limits: { rate: { count: 1, perSeconds: 60 } } });
    const sent = [];
    for (let times = 0; times < 3; times += 1) {
      sent.push(await lanes.send());
      lanes.test.clock.advanceBy(61);
    }
    await lanes.decide();
    assert.deepEqual(await Promise.all(sent.map(outcome)), ["matched", "matched", "matched"]);
  });

  it("is exact when two hubs decide at once", async () => {
    const limits = { rate: { count: 3, perSeconds: 3_600, key: "event.body.issue.title" } };
    const route = await lanes.route({ limits });
    const sent = await Promise.all(
      Array.from({ length: 40 }, (_, index) => lanes.send({ issue: { title: `issue ${index % 4}` } })),
    );
    await using other = await lanes.test.startAnother("web");
    const hubs = [lanes.test.hub, other];
    for (let done = 1; done > 0;)
      done = (await Promise.all(hubs.map((hub) => decidePending(hub.services)))).reduce((a, b) => a + b);
    const outcomes = await Promise.all(sent.map(outcome));
    assert.deepEqual(
      [
        outcomes.filter((each) => each === "matched").length,
        outcomes.filter((each) => each === "held rate_limited").length,
      ],
      [12, 28],
    );
    assert.equal((await lanes.tasks(route)).length, 12);
  });

  it("is exact, and nobody deadlocks, even without lanes", async () => {
    const { services } = lanes.test.hub;
    const { db, newId, clock } = services;
    const ids = { projectId: newId(), agentId: newId(), routeId: newId() };
    const limits = (key: string) => ({
      rate: { count: 5, perSeconds: 600, key },
      breaker: { tasks: 1_000, perSeconds: 60, cooldownSeconds: 1 },
    });
    const admissions = (backwards: boolean) => {
      const keys = ["a", "b", "c"].map((key) => ({
        ...ids,
        taskId: newId(),
        limits: limits(key),
        atMs: clock.now(),
        stage: "whole" as const,
      }));
      return backwards ? keys.toReversed() : keys;
    };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        db.transaction((tx) => admit(tx, services, admissions(index % 2 === 0))),
      ),
    );
    assert.equal(answers.flat().filter((hold) => hold === undefined).length, 15);
  });

  it("leaves nothing behind of keys that come no more", async () => {
    await lanes.route({ limits: { rate: { count: 1, perSeconds: 5 } } });
    await lanes.send();
    await lanes.decide();
    const { db, clock } = lanes.test.hub.services;
    await forgetEndedRates(db, clock.now());
    assert.notEqual(await lanes.count("rate_windows"), 0);
    await forgetEndedRates(db, clock.now() + 3_600_000);
    assert.equal(await lanes.count("rate_windows"), 0);
  });
});
