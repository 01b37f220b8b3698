import assert from "node:assert/strict";
import { createOriginMarker, originMarkerText } from "../../src/lib/origin-marker.ts";
import { decidePending } from "../../src/routing/decide-pending.ts";
import { github, openSource } from "../inbound/senders.ts";
import { contentsOf } from "../support/database-contents.ts";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";

const body = { action: "opened", issue: { number: 1 }, sender: { login: "octo-bot[bot]" } };
const sample = { type: "issues.opened", provider: "github", body };

describe("a dry run's guards", () => {
  let test: TestHub;
  before(async () => {
    // Without background work: what is to be decided is decided when a test says so.
    test = await startTestHub({ role: "web" });
    await test.call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" } });
  });
  after(() => test[Symbol.asyncDispose]());

  const dryRun = async (request: object): Promise<TestAnswer["body"]> => {
    await test.hub.processAll();
    const before = await contentsOf(test.hub.services);
    const answer = await test.call("POST", "/api/v1/routes/dry-run", request);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual(await contentsOf(test.hub.services), before, "it asks, and changes nothing");
    return answer.body;
  };
  const draftOf = (route: object): object => ({ agent: "triager", task: { input: "-" }, ...route });
  const one = async (route: object, event: object = sample): Promise<TestAnswer["body"]> =>
    (await dryRun({ route: draftOf(route), event })).results[0];
  /** Saves a route for this source alone, and lets events through it. */
  const save = async (route: object, events: number): Promise<string> => {
    const own = await openSource(test, github);
    const fields = { name: "saved", ...draftOf(route), sourceId: own.id };
    const saved = await test.call("POST", "/api/v1/routes", fields);
    assert.equal(saved.status, 201, JSON.stringify(saved.body));
    for (let sent = 0; sent < events; sent += 1) await own.send({ body: JSON.stringify(body) });
    while ((await decidePending(test.hub.services)) > 0);
    return saved.body.id;
  };
  const again = async (routeId: string): Promise<TestAnswer["body"]> =>
    (await dryRun({ routeId, event: sample })).results[0];

  it("names the marker of the hub, and shows the task that there would be", async () => {
    const marker = createOriginMarker(test.hub.services.originKeys.current, "tsk_01h455vb4pex5vsknk084sn02q", 1);
    const marked = { ...sample, body: { ...body, comment: `Done. ${originMarkerText(marker)}` } };
    const held = await one({}, marked);
    assert.deepEqual([held.matched, held.heldBy.reason, held.task.input], [true, "loop_marker", "-"]);
    assert.equal((await one({ loops: { allowMarked: true } }, marked)).heldBy, undefined);
    assert.equal((await one({ loops: { allowMarked: true, maxDepth: 1 } }, marked)).heldBy.reason, "depth");
  });

  it("names the actor", async () => {
    const held = await one({ actors: { deny: ["*[bot]"] } });
    assert.equal(held.heldBy.reason, "actor");
    assert.match(held.heldBy.detail, /octo-bot/);
    assert.equal((await one({ actors: { allow: ["octo-*"] } })).heldBy, undefined);
  });

  it("says when the rate of a saved route is used up", async () => {
    const routeId = await save({ limits: { rate: { count: 2, perSeconds: 600 } } }, 2);
    assert.equal((await again(routeId)).heldBy.reason, "rate_limited");
    test.clock.advanceBy(601);
    assert.equal((await again(routeId)).heldBy, undefined);
  });

  it("counts events of a backtest against the rate when they came", async () => {
    const own = await openSource(test, github);
    for (let sent = 0; sent < 6; sent += 1) {
      if (sent === 3) test.clock.advanceBy(120);
      await own.send({ body: JSON.stringify(body) });
    }
    const route = draftOf({ limits: { rate: { count: 2, perSeconds: 60 } } });
    const { results, summary } = await dryRun({ route, last: 10, filter: { sourceId: own.id } });
    assert.deepEqual(
      results.map((result: TestAnswer["body"]) => result.heldBy?.reason),
      ["rate_limited", undefined, undefined, "rate_limited", undefined, undefined],
    );
    assert.deepEqual([summary.matched, summary.held, summary.wouldRun], [6, 2, 4]);
  });

  it("says when a breaker is open, and when a budget is used up", async () => {
    const broken = await save({ limits: { breaker: { tasks: 1, perSeconds: 600 } } }, 2);
    assert.equal((await again(broken)).heldBy.reason, "breaker_open");
    const spent = await save({ limits: { budget: { tasksPerDay: 1 } } }, 1);
    assert.equal((await again(spent)).heldBy.reason, "budget_exceeded");
  });

  it("says when a key has its task, has no room, or makes the task wait", async () => {
    const duplicate = await again(await save({ keys: { dedupe: "event.body.issue.number" } }, 1));
    assert.equal(duplicate.heldBy.reason, "duplicate_key");
    assert.match(duplicate.heldBy.detail, /^tsk_/);
    const drops = { concurrency: { key: "event.body.issue.number", policy: "drop" } };
    assert.equal((await again(await save({ keys: drops }, 1))).heldBy.reason, "concurrency_dropped");
    const full = await again(await save({ keys: { concurrency: "event.body.issue.number" } }, 1));
    assert.deepEqual([full.heldBy, full.waitsFor], [undefined, "concurrency"]);
    assert.equal((await again(await save({ keys: { order: "event.body.issue.number" } }, 1))).waitsFor, "order");
    assert.equal((await one({ keys: { order: "event.body.issue.number" } })).waitsFor, undefined);
  });

  it("says that an event would be collected, and that nobody would hear of its task", async () => {
    assert.equal((await one({ debounce: { quietSeconds: 5, maxSeconds: 60 } })).debounced, true);
    const failed = await one({ subscriberId: "'nobody-' + event.body.action" });
    assert.deepEqual([failed.matched, "task" in failed], [true, false]);
    assert.match(failed.error, /^subscriberId: .*nobody-opened/);
  });

  it("looks at all routes in turn, as they would share a budget", async () => {
    const call = await test.inAnotherProject();
    const limits = { budget: { tasksPerDay: 1 } };
    await call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" }, limits });
    for (const name of ["first", "second"]) await call("POST", "/api/v1/routes", { name, ...draftOf({}) });
    const { body: answer } = await call("POST", "/api/v1/routes/dry-run", { event: sample });
    assert.deepEqual(
      answer.results.map((result: TestAnswer["body"]) => result.heldBy?.reason),
      [undefined, "budget_exceeded"],
    );
  });
});
