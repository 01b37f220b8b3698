import assert from "node:assert/strict";
import type { TestAnswer } from "../support/test-hub.ts";
import { type Lanes, startLanes } from "./lanes.ts";

describe("what routes made of an event", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  after(async () => {
    await lanes[Symbol.asyncDispose]();
  });
  afterEach(() => lanes.clear());

  const decisionsOf = async (id: string): Promise<TestAnswer["body"][]> => (await lanes.event(id)).decisions;

  it("is told with each event: which matched, which did not and why, which failed", async () => {
    const plain = await lanes.route({ name: "All" });
    const closed = await lanes.route({ match: { body: { action: ["closed"] } } });
    const urgent = await lanes.route({ when: "event.body.issue.priority > 3" });
    const broken = await lanes.route({ keys: { session: "event.body.issue.author" } });
    await lanes.route({ match: { type: ["push"] }, name: "Not asked" });
    const id = await lanes.send({ issue: { title: "x" } });
    const decisions = await decisionsOf(id);
    const [task] = await lanes.tasks(plain);
    const byRoute = new Map(decisions.map((decision) => [decision.routeId, decision]));
    assert.equal(byRoute.size, decisions.length);
    assert.deepEqual(new Set(byRoute.keys()), new Set([plain, closed, urgent, broken]));
    const { decidedAt, ...matched } = byRoute.get(plain);
    assert.deepEqual(matched, { routeId: plain, routeName: "All", outcome: "matched", taskId: task.id, generation: 0 });
    assert.equal(decidedAt, task.createdAt);
    const short = (routeId: string): unknown[] => {
      const { outcome, reason, detail } = byRoute.get(routeId);
      return [outcome, reason, detail];
    };
    assert.deepEqual(short(closed), ["no_match", undefined, "match.body.action"]);
    assert.deepEqual(short(urgent).slice(0, 2), ["no_match", "when_error"]);
    assert.match(String(short(urgent)[2]), /^when: .*priority/);
    assert.deepEqual(short(broken).slice(0, 2), ["failed", "render_error"]);
    assert.match(String(short(broken)[2]), /^keys\.session: /);
    assert.equal((await decisionsOf(id)).at(-1).outcome, "no_match", "what did not match comes last");
  });

  it("is told of one that a guard or a key stopped, with the task that stands for it", async () => {
    const once = await lanes.route({ keys: { dedupe: "event.body.action" } });
    const few = await lanes.route({ limits: { rate: { count: 1, perSeconds: 3600 } } });
    const alone = await lanes.route({ keys: { concurrency: { key: "event.body.action", policy: "drop" } } });
    const [first, second] = [await lanes.send(), await lanes.send()];
    await lanes.decide();
    const [task] = await lanes.tasks(once);
    const decisions = new Map((await decisionsOf(second)).map((decision) => [decision.routeId, decision]));
    const short = (routeId: string): unknown[] => {
      const { outcome, reason, taskId } = decisions.get(routeId);
      return [outcome, reason, taskId];
    };
    assert.deepEqual(short(once), ["deduplicated", "duplicate_key", task.id]);
    assert.deepEqual(short(few), ["held", "rate_limited", undefined]);
    assert.match(decisions.get(few).detail, /again from/);
    assert.deepEqual(short(alone), ["held", "concurrency_dropped", undefined]);
    assert.deepEqual(await lanes.outcomes(first), [["matched"], ["matched"], ["matched"]]);
  });

  it("is told in the trace of anything that came of it", async () => {
    const plain = await lanes.route({});
    await lanes.route({ match: { body: { action: ["closed"] } } });
    const id = await lanes.send();
    const [task] = await lanes.tasks(plain);
    for (const start of [id, task.id]) {
      const { status, body } = await lanes.test.call("GET", `/api/v1/trace/${start}`);
      assert.equal(status, 200);
      assert.deepEqual(body.decisions, await decisionsOf(id));
    }
  });

  it("is told in the trace with the task of another event that stands for it", async () => {
    await lanes.route({ debounce: { quietSeconds: 10, maxSeconds: 30 } });
    const [first] = [await lanes.send(), await lanes.send()];
    await lanes.pass(10);
    const { body } = await lanes.test.call("GET", `/api/v1/trace/${first}`);
    assert.deepEqual(
      body.tasks.map((task: { id: string }) => task.id),
      [body.decisions[0].taskId],
    );
  });

  it("is bounded, whatever the number of routes that do not match", async () => {
    const task = { input: "x" };
    const agent = "a-crowd";
    await lanes.test.call("POST", "/api/v1/agents", { name: agent, runner: { type: "pull" } });
    for (let count = 0; count < 30; count += 1) {
      const route = { name: `Other ${count}`, agent, match: { body: { action: ["closed"] } }, task };
      assert.equal((await lanes.test.call("POST", "/api/v1/routes", route)).status, 201);
    }
    const id = await lanes.send();
    assert.equal((await decisionsOf(id)).length, 20);
    assert.equal(
      await lanes.count("event_misses"),
      await lanes.count("event_misses WHERE json_array_length(misses) <= 20"),
    );
  });

  it("holds any text that a payload may bring about", async () => {
    await lanes.route({ task: { input: "x" }, when: "event.body.y.size() > 100 || int(event.body.y) > 1" });
    const id = await lanes.send({ y: "a\u0000b\ud800" });
    const [decision] = await decisionsOf(id);
    assert.ok(["failed", "no_match"].includes(decision.outcome));
  });

  it("lets a subscriber that does not exist hear nothing, and nobody else either", async () => {
    const routeId = await lanes.route({ subscriberId: "event.body.customer" });
    const made = await lanes.test.call("POST", "/api/v1/subscribers", { name: "Acme", externalId: "acme" });
    assert.equal(made.status, 201);
    const [known, unknown] = [await lanes.send({ customer: "acme" }), await lanes.send({ customer: "nobody\u0000" })];
    assert.deepEqual(await lanes.outcomes(known), [["matched"]]);
    assert.deepEqual(await lanes.outcomes(unknown), [["failed", "render_error"]]);
    assert.equal((await lanes.tasks(routeId)).length, 1);
  });

  it("is not another project's to read", async () => {
    await lanes.route({});
    const id = await lanes.send();
    const stranger = await lanes.test.inAnotherProject();
    assert.equal((await stranger("GET", `/api/v1/events/${id}`)).status, 404);
    assert.equal((await stranger("GET", `/api/v1/trace/${id}`)).status, 404);
  });
});
