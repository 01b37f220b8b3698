import assert from "node:assert/strict";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const odd = [`a "quoted" \\ one`, "{b,c}", "NULL", "ä, 日本", "d"];

describe("Labels", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const listed = async (query: Record<string, string>): Promise<string[]> => {
    const { status, body } = await hub.test.call("GET", `/api/v1/tasks?${new URLSearchParams(query).toString()}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.data.map(({ id }: { id: string }) => id);
  };
  const report = (body: object) => hub.test.call("POST", "/api/v1/reports", body);
  const [from, to] = ["2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];

  it("are shown as they were given, and tasks are found by them", async () => {
    const agent = await hub.agent();
    const one = await hub.task(agent, { labels: odd });
    const two = await hub.task(agent, { labels: ["d"] });
    await hub.task(agent);
    assert.deepEqual((await hub.read(one)).labels, odd);
    assert.deepEqual(await listed({ label: "d" }), [two, one]);
    for (const label of odd.slice(0, -1)) assert.deepEqual(await listed({ label }), [one]);
    assert.deepEqual(await listed({ label: "nobody's" }), []);
    assert.deepEqual(await listed({ label: "d", state: "working" }), []);
    assert.deepEqual(await listed({ label: "d", agent, limit: "1" }), [two]);
    const stranger = await hub.test.inAnotherProject();
    assert.deepEqual((await stranger("GET", "/api/v1/tasks?label=d")).body.data, []);
  });

  it("are refused when they are none", async () => {
    const agent = await hub.agent();
    for (const labels of [
      [],
      ["a", "a"],
      [""],
      ["a\nb"],
      ["x".repeat(101)],
      [1],
      "a",
      Array.from({ length: 21 }, (_, i) => `${i}`),
    ]) {
      const { status, body } = await hub.test.call("POST", "/api/v1/tasks", { agent, input: "x", labels });
      assert.deepEqual([status, body.errors[0].path.split(".")[0]], [422, "labels"], JSON.stringify(labels));
    }
  });

  it("add up to real numbers", async () => {
    const [first, second] = [await hub.agent(), await hub.agent()];
    const labels = ["spring"];
    for (const [agent, outcome] of [
      [first, "complete"],
      [first, "complete"],
      [first, "fail"],
      [second, "complete"],
      [second, "none"],
    ] as const) {
      await hub.task(agent, { labels });
      if (outcome === "none") continue;
      const work = await hub.leaseOne(agent);
      const path = `/api/v1/worker/tasks/${work.task.id}/artifacts/a`;
      await hub.test.call("PUT", path, Buffer.from("12345"), {
        "lease-token": work.leaseToken,
        "content-type": "Text/Plain; charset=utf-8",
      });
      const usage = { tokens: 10, costUsd: 0.1, model: "m" };
      if (outcome === "complete") await hub.say(work, "complete", { result: 1, usage });
      else await hub.say(work, "fail", { error: { code: "a", message: "b" }, retryable: false, usage });
    }
    const { status, body } = await report({ campaign: "spring", from, to });
    assert.equal(status, 200, JSON.stringify(body));
    const { total, states, successRate, attempts, usage, waitSeconds, runSeconds } = body.tasks;
    assert.deepEqual([total, attempts, successRate], [5, 4, 0.75]);
    assert.deepEqual(states, { completed: 3, failed: 1, submitted: 1 });
    assert.deepEqual(usage, { tokens: 40, costUsd: 0.4 });
    assert.ok(waitSeconds.p95 >= waitSeconds.p50 && runSeconds.max >= 0);
    assert.deepEqual(body.artifacts, {
      count: 4,
      bytes: 20,
      contentTypes: [{ contentType: "text/plain", count: 4, bytes: 20 }],
    });
    assert.deepEqual(
      body.agents.map((each: { agent: string; total: number }) => [each.agent, each.total]),
      [
        [first, 3],
        [second, 2],
      ],
    );
    const ofOne = (await report({ label: "spring", from, to, agent: second })).body;
    assert.deepEqual([ofOne.tasks.total, ofOne.tasks.usage, ofOne.agents.length], [2, { tokens: 10, costUsd: 0.1 }, 1]);
  });

  it("of nobody add up to nothing, and what is no question is refused", async () => {
    const nothing = (await report({ label: "winter", from, to })).body;
    assert.deepEqual([nothing.tasks, nothing.agents], [{ total: 0, states: {}, attempts: 0, usage: {} }, []]);
    assert.equal((await report({ label: "spring", from, to: "2000-01-02T00:00:00Z" })).body.tasks.total, 0);
    assert.equal((await report({ label: "spring", from, to, agent: "nobody" })).body.tasks.total, 0);
    const stranger = await hub.test.inAnotherProject();
    assert.equal((await stranger("POST", "/api/v1/reports", { label: "spring", from, to })).body.tasks.total, 0);
    for (const body of [
      {},
      { from, to },
      { label: "a", campaign: "b", from, to },
      { label: "a", from: to, to: from },
      { label: "a", from, to: "x" },
    ])
      assert.equal((await report(body)).status, 422, JSON.stringify(body));
    const worker = hub.test.as(await hub.test.keyFor("worker", ["agent-1"]));
    assert.equal((await worker("POST", "/api/v1/reports", { label: "spring", from, to })).status, 403);
  });
});
