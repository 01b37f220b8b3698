import assert from "node:assert/strict";
import type { AnalyticsGroup } from "../../src/analytics/analytics.ts";
import { type HubWithHistory, startHubWithHistory } from "../support/hub-with-history.ts";

describe("Analytics", () => {
  let hub: HubWithHistory;
  before(async () => {
    hub = await startHubWithHistory();
    const { call } = hub.test;
    await call("POST", "/api/v1/agents", { name: "writer", team: "docs", runner: { type: "pull" } });
    const work = hub.test.as(await hub.test.keyFor("worker", ["writer"]));
    for (const [usage, ending] of [
      [{ inputTokens: 100, outputTokens: 50, costUsd: 0.25 }, "complete"],
      [{ tokens: 50, costUsd: 0.5 }, "complete"],
      [undefined, "fail"],
    ] as const) {
      await call("POST", "/api/v1/tasks", { agent: "writer", input: "Write" });
      hub.test.clock.advanceBy(4);
      const leased = await work("POST", "/api/v1/worker/lease", { workerId: "w", agents: ["writer"], waitSeconds: 5 });
      const [{ task, leaseToken }] = leased.body.tasks;
      hub.test.clock.advanceBy(20);
      const error = { error: { code: "no", message: "no" }, retryable: false };
      const end = ending === "fail" ? error : { result: {}, usage };
      const { status } = await work("POST", `/api/v1/worker/tasks/${task.id}/${ending}`, { leaseToken, ...end });
      assert.equal(status, 200);
    }
  });
  after(() => hub[Symbol.asyncDispose]());

  // What is younger than a minute is not counted yet.
  const count = async (): Promise<void> => {
    hub.test.clock.advanceBy(61);
    await hub.test.hub.processAll();
  };
  const groups = async (query: string): Promise<AnalyticsGroup[]> =>
    (await hub.ok("GET", `/api/v1/analytics?${query}`)).body.data;

  it("know at once what has just happened, and count it no second time later", async () => {
    const ofAll = async (): Promise<AnalyticsGroup[][]> => [
      await groups("groupBy=agent&interval=hour"),
      await groups("groupBy=team"),
      await groups("groupBy=source"),
      await groups("groupBy=endpoint"),
    ];
    const fresh = await ofAll();
    const writer = fresh[0]?.find(({ name }) => name === "writer");
    assert.deepEqual(writer?.tasks, { completed: 2, failed: 1, canceled: 0, rejected: 0 });
    assert.deepEqual(fresh[2]?.[0]?.events, 1);
    await count();
    assert.deepEqual(await ofAll(), fresh);
  });

  it("count what has ended, how long it took and what it cost", async () => {
    await count();
    const writer = (await groups("groupBy=agent")).find(({ name }) => name === "writer") as AnalyticsGroup;
    assert.deepEqual(writer.tasks, { completed: 2, failed: 1, canceled: 0, rejected: 0 });
    assert.equal(writer.successRate, 2 / 3);
    assert.deepEqual(writer.usage, { tokens: 200, costUsd: 0.75 });
    for (const [{ p50, p95 } = { p50: 0, p95: 0 }, seconds] of [
      [writer.waitSeconds, 4],
      [writer.runSeconds, 20],
    ] as const)
      for (const value of [p50, p95])
        assert.ok(value > seconds * 0.88 && value < seconds * 1.15, `${value} is about ${seconds}`);
  });

  it("are told by team, route, source and endpoint", async () => {
    await count();
    const [docs, others] = await groups("groupBy=team");
    assert.deepEqual([docs?.name, docs?.id, docs?.tasks?.completed], ["docs", undefined, 2]);
    assert.deepEqual([others?.name, others?.tasks?.completed], [undefined, 1]);
    const [route] = await groups("groupBy=route");
    assert.deepEqual([route?.name, route?.tasks?.completed, route?.successRate], ["all", 1, 1]);
    const [source] = await groups("groupBy=source");
    assert.deepEqual([source?.name, source?.events, source?.tasks?.completed], ["github", 1, 1]);
    const [endpoint] = await groups("groupBy=endpoint");
    assert.deepEqual([endpoint?.id, endpoint?.name], [hub.ids.endpoint, hub.receiver.url]);
    assert.equal(endpoint?.attempts?.succeeded, (await hub.ok("GET", "/api/v1/deliveries")).body.data.length);
    assert.equal(endpoint?.successRate, 1);
    assert.ok((endpoint?.latencySeconds?.p95 ?? 9) < 5);
  });

  it("are told by the hour and by the day", async () => {
    await count();
    for (const interval of ["hour", "day"]) {
      const agents = await groups(`groupBy=agent&interval=${interval}`);
      const series = agents.find(({ name }) => name === "writer")?.series ?? [];
      const completed = series.map(({ tasks }) => tasks?.completed ?? 0).reduce((a, b) => a + b);
      assert.equal(completed, 2);
      assert.match(series[0]?.start ?? "", interval === "hour" ? /:00:00\.000Z$/ : /T00:00:00\.000Z$/);
    }
  });

  it("count each thing once, however often and by however many it is counted", async () => {
    await count();
    const before = await groups("groupBy=agent");
    const other = await hub.test.startAnother("worker");
    await Promise.all([hub.test.hub.processAll(), other.processAll(), hub.test.hub.processAll()]);
    assert.deepEqual(await groups("groupBy=agent"), before);
  });

  it("leave out what is outside of the time asked for", async () => {
    await count();
    assert.deepEqual(await groups("from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z"), []);
    assert.deepEqual(await groups("from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z"), await groups("groupBy=agent"));
  });

  it("are refused for a time that is too long or no time, and for an unknown grouping", async () => {
    const { call } = hub.test;
    const get = (query: string): Promise<string> => hub.refused(call, "GET", `/api/v1/analytics?${query}`);
    assert.equal(await get("from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z"), "422 invalid from");
    assert.equal(await get("interval=day&from=2020-01-01T00:00:00Z&to=2025-01-01T00:00:00Z"), "422 invalid from");
    assert.equal(await get("interval=hour&from=2025-01-01T00:00:00Z&to=2025-03-01T00:00:00Z"), "422 invalid from");
    assert.equal(await get("from=yesterday"), "422 invalid from");
    assert.equal(await get("groupBy=colour"), "422 invalid groupBy");
    assert.equal(await get("interval=minute"), "422 invalid interval");
  });

  it("are the project's own, and not for workers", async () => {
    await count();
    const stranger = await hub.test.inAnotherProject();
    assert.deepEqual((await stranger("GET", "/api/v1/analytics")).body.data, []);
    const worker = hub.test.as(await hub.test.keyFor("worker", ["writer"]));
    assert.equal((await worker("GET", "/api/v1/analytics")).status, 403);
  });
});
