import assert from "node:assert/strict";
import { advanceReplays } from "../../src/events/advance-replays.ts";
import { createRouteCache, type RouteCache } from "../../src/routing/route-cache.ts";
import { github, openSource, stripe } from "../inbound/senders.ts";
import { contentsOf } from "../support/database-contents.ts";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";
import { openReplayBench, type ReplayBench } from "./replay-support.ts";

describe("the replay of events by a filter", () => {
  let test: TestHub;
  let routes: RouteCache;
  before(async () => {
    // Without background work: the tests do it themselves.
    test = await startTestHub({ role: "web" });
    routes = createRouteCache(test.hub.services);
  });
  after(() => test[Symbol.asyncDispose]());

  const open = async (route?: object): Promise<ReplayBench & { call: TestHub["call"] }> => {
    const call = await test.inAnotherProject();
    return { ...(await openReplayBench(test, call, route)), call };
  };
  const advance = async (): Promise<void> => {
    while ((await advanceReplays(test.hub.services, routes)) > 0);
  };
  /** Starts it, lets it run to its end, and reads it. */
  const run = async (bench: ReplayBench, request: object): Promise<TestAnswer["body"]> => {
    const { id } = await bench.start({ ratePerSecond: 1000, ...request });
    await advance();
    return await bench.read(id);
  };

  it("routes each of them once more, oldest first, and says how far it has come", async () => {
    const bench = await open();
    const sent = await bench.send(5);
    const started = await bench.start({ filter: {} });
    assert.deepEqual(
      [started.state, started.total, started.totalIsMinimum, started.done, started.generation],
      ["running", 5, false, 0, 1],
    );
    assert.match(started.id, /^rpl_/);
    const late = await bench.send(1);
    await advance();
    const ended = await bench.read(started.id);
    assert.deepEqual(
      [ended.state, ended.total, ended.done, ended.failed, ended.tasks, ended.pending],
      ["completed", 5, 5, 0, 5, 0],
    );
    assert.ok(ended.endedAt >= ended.createdAt);
    assert.deepEqual(await bench.tasksOf([...sent, ...late]), [2, 2, 2, 2, 2, 1]);
    const tasks = (await bench.call("GET", "/api/v1/tasks?limit=50")).body.data.toReversed();
    assert.deepEqual(
      tasks.slice(6).map((task: TestAnswer["body"]) => task.event.id),
      sent,
    );
    const list = await bench.call("GET", "/api/v1/replays");
    assert.deepEqual(list.body, { data: [ended] });
  });

  it("takes those of a source, a provider, a type and a time", async () => {
    const bench = await open();
    const other = await openSource({ ...test, call: bench.call, clock: test.clock }, stripe);
    const silent = await openSource({ ...test, call: bench.call, clock: test.clock }, github);
    const [first = ""] = await bench.send(1);
    test.clock.advanceBy(3600);
    const between = new Date(test.clock.now()).toISOString();
    const [second = ""] = await bench.send(1);
    const [closed = ""] = await bench.send(1, "closed");
    await other.send();
    const totalOf = async (filter: object): Promise<number> => (await bench.start({ filter, dryRun: true }, 200)).total;
    assert.equal(await totalOf({}), 4);
    assert.equal(await totalOf({ sourceId: bench.source.id }), 3);
    assert.equal(await totalOf({ sourceId: silent.id }), 0);
    assert.equal(await totalOf({ provider: "github" }), 3);
    assert.equal(await totalOf({ provider: "stripe", sourceId: bench.source.id }), 0);
    assert.equal(await totalOf({ type: "issues.opened" }), 2);
    assert.equal(await totalOf({ type: "issues.opened", provider: "stripe" }), 0);
    assert.equal(await totalOf({ type: "issues.closed", sourceId: bench.source.id }), 1);
    assert.equal(await totalOf({ after: between }), 3);
    assert.equal(await totalOf({ before: between, type: "issues.opened" }), 1);
    const replay = await run(bench, { filter: { type: "issues.opened", after: between, sourceId: bench.source.id } });
    assert.deepEqual([replay.done, replay.filter.after], [1, between]);
    assert.deepEqual(await bench.tasksOf([first, second, closed]), [1, 2, 1]);
  });

  it("takes those that came to an outcome", async () => {
    const bench = await open({
      match: { body: { action: [{ "anything-but": ["none"] }] } },
      // The second has no session: that is a route that cannot say what to do.
      keys: { session: "event.body.issue.number == 1 ? event.body.missing : 'all'" },
    });
    const [completed = "", failing = ""] = await bench.send(2);
    const [unmatched = ""] = await bench.send(1, "none");
    const lease = { workerId: "w", agents: ["triager"] };
    const [leased] = (await bench.call("POST", "/api/v1/worker/lease", lease)).body.tasks;
    const { leaseToken } = leased;
    const done = await bench.call("POST", `/api/v1/worker/tasks/${leased.task.id}/complete`, {
      leaseToken,
      result: {},
    });
    assert.equal(done.status, 200, JSON.stringify(done.body));
    const idsOf = async (outcome: string): Promise<string[]> =>
      (await bench.start({ filter: { outcome }, dryRun: true }, 200)).sample.map(
        (event: TestAnswer["body"]) => event.eventId,
      );
    assert.deepEqual(await idsOf("completed"), [completed]);
    assert.deepEqual(await idsOf("failed"), [failing]);
    assert.deepEqual(await idsOf("no_match"), [unmatched]);
    assert.deepEqual(await idsOf("held"), []);
    assert.deepEqual(await idsOf("submitted"), []);
    await bench.call("PATCH", `/api/v1/routes/${bench.routeId}`, { keys: null });
    const mended = await run(bench, { filter: { outcome: "failed" } });
    assert.deepEqual([mended.done, mended.tasks], [1, 1]);
    assert.deepEqual(await bench.tasksOf([completed, failing, unmatched]), [1, 1, 0]);
  });

  it("passes over what a paused source still holds", async () => {
    const bench = await open();
    await bench.send(1);
    await bench.call("POST", `/api/v1/sources/${bench.source.id}/pause`);
    await bench.send(2);
    assert.equal((await run(bench, { filter: {} })).done, 1);
  });

  it("replays the oldest where there are more than its limit, and is done at once where there are none", async () => {
    const bench = await open();
    const sent = await bench.send(3);
    const { state, total, done } = await run(bench, { filter: {}, limit: 2 });
    assert.deepEqual([state, total, done], ["completed", 2, 2]);
    assert.deepEqual(await bench.tasksOf(sent), [2, 2, 1]);
    const empty = await bench.start({ filter: { type: "nothing" } });
    assert.deepEqual([empty.state, empty.total], ["completed", 0]);
  });

  it("goes through one route alone where one is named, and fails when that is disabled on the way", async () => {
    const bench = await open();
    const [eventId = ""] = await bench.send(1);
    const route = { name: "second", agent: "triager", task: { input: "-" } };
    const second = (await bench.call("POST", "/api/v1/routes", route)).body.id;
    await run(bench, { filter: {}, routeId: second });
    assert.deepEqual(
      (await bench.decisions(eventId, 1)).map((decision) => [decision.routeId, decision.outcome]),
      [[second, "matched"]],
    );
    const { id } = await bench.start({ filter: {}, routeId: second });
    await bench.call("PATCH", `/api/v1/routes/${second}`, { enabled: false });
    await advance();
    const failed = await bench.read(id);
    assert.deepEqual([failed.state, failed.done], ["failed", 0]);
    assert.match(failed.error, /route/);
    assert.equal((await bench.start({ filter: {}, routeId: second }, 422)).errors[0].path, "routeId");
  });

  it("as a dry run counts them, shows which routes would take the first, and stores nothing", async () => {
    const bench = await open({ match: { body: { issue: { number: [0, 3] } } } });
    const sent = await bench.send(25);
    await test.hub.processAll();
    const before = await contentsOf(test.hub.services);
    const preview = await bench.start({ filter: {}, dryRun: true }, 200);
    assert.deepEqual(await contentsOf(test.hub.services), before);
    assert.deepEqual([preview.dryRun, preview.total, preview.sample.length], [true, 25, 20]);
    assert.deepEqual(
      preview.sample.slice(0, 4).map(({ eventId, routeIds }: TestAnswer["body"]) => [eventId, routeIds]),
      [
        [sent[0], [bench.routeId]],
        [sent[1], []],
        [sent[2], []],
        [sent[3], [bench.routeId]],
      ],
    );
  });

  it("is for those who may replay, of the own project alone, and audited", async () => {
    const bench = await open();
    const sent = await bench.send(1);
    const stranger = await test.inAnotherProject();
    const body = { filter: { sourceId: bench.source.id } };
    const { id } = await bench.start(body);
    assert.equal((await stranger("POST", "/api/v1/events/replay", body)).body.total, 0);
    assert.equal((await stranger("GET", `/api/v1/replays/${id}`)).status, 404);
    assert.equal((await stranger("POST", `/api/v1/replays/${id}/cancel`)).status, 404);
    const viewer = test.as(await test.keyFor("viewer"));
    assert.equal((await viewer("POST", "/api/v1/events/replay", body)).status, 403);
    assert.equal((await viewer("POST", "/api/v1/events/replay", { ...body, dryRun: true })).status, 403);
    assert.equal((await viewer("GET", "/api/v1/replays")).status, 200);
    await advance();
    assert.deepEqual(await bench.tasksOf(sent), [2]);
    const { data } = (await bench.call("GET", "/api/v1/audit?limit=5")).body;
    assert.deepEqual([data[0].action, data[0].target, data[0].detail.total], ["replay.start", id, 1]);
  });

  it("refuses a filter that it does not know", async () => {
    const bench = await open();
    const pathOf = async (body: object): Promise<string> => (await bench.start(body, 422)).errors[0].path;
    assert.equal(await pathOf({}), "filter");
    assert.equal(await pathOf({ filter: { surprise: 1 } }), "filter.surprise");
    assert.equal(await pathOf({ filter: { outcome: "great" } }), "filter.outcome");
    assert.equal(await pathOf({ filter: { after: "yesterday" } }), "filter.after");
    assert.equal(await pathOf({ filter: { type: "a\u0000" } }), "filter.type");
    assert.equal(await pathOf({ filter: {}, ratePerSecond: 0 }), "ratePerSecond");
    assert.equal(await pathOf({ filter: {}, limit: 100_001 }), "limit");
  });
});
