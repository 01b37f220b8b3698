import assert from "node:assert/strict";
import type { Hub } from "../../src/hub.ts";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("A worker that waits for a task", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const waiting = async ({ services }: Hub): Promise<number> => {
    const gauge = await services.metrics.registry.getSingleMetric("hookyard_long_polls")?.get();
    return gauge?.values[0]?.value ?? 0;
  };
  const untilWaiting = async (count: number, at = hub.test.hub): Promise<void> => {
    while ((await waiting(at)) !== count) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const wait = (agent: string, waitSeconds = 10): Promise<Leased[]> => hub.lease(agent, { waitSeconds });

  it("has it at once", async () => {
    const agent = await hub.agent();
    const lease = wait(agent);
    await untilWaiting(1);
    const id = await hub.task(agent);
    const startedAt = performance.now();
    const [leased] = await lease;
    assert.equal(leased?.task.id, id);
    assert.ok(performance.now() - startedAt < 1_000);
    await untilWaiting(0);
  });

  it("has it at once when another process was given it", async () => {
    const agent = await hub.agent();
    const other = await hub.test.startAnother("web");
    const at = hub.test.at(other.url);
    const lease = hub.lease(agent, { waitSeconds: 10 }, at);
    await untilWaiting(1, other);
    const id = await hub.task(agent);
    const startedAt = performance.now();
    assert.equal((await lease)[0]?.task.id, id);
    assert.ok(performance.now() - startedAt < 1_000);
    await other.stop();
  });

  it("has it as soon as its time has come", async () => {
    const agent = await hub.agent();
    const startAfter = new Date(hub.test.clock.now() + 60_000).toISOString();
    const id = await hub.task(agent, { startAfter });
    const lease = wait(agent);
    await untilWaiting(1);
    await hub.pass(30);
    assert.equal(await waiting(hub.test.hub), 1);
    await hub.pass(31);
    assert.equal((await lease)[0]?.task.id, id);
  });

  it("hears after its wait that there was none", async () => {
    const startedAt = performance.now();
    assert.deepEqual(await wait(await hub.agent(), 0.3), []);
    const waited = performance.now() - startedAt;
    assert.ok(waited >= 290 && waited < 2_000, `waited ${waited} ms`);
  });

  it("leaves its place when it goes away", async () => {
    const agent = await hub.agent();
    const gone = new AbortController();
    const request = fetch(`${hub.test.url}/api/v1/worker/lease`, {
      method: "POST",
      headers: { authorization: `Bearer ${await hub.test.keyFor("owner")}`, "content-type": "application/json" },
      body: JSON.stringify({ workerId: "w", agents: [agent], waitSeconds: 30 }),
      signal: gone.signal,
    });
    await untilWaiting(1);
    gone.abort();
    await assert.rejects(request, { name: "AbortError" });
    await untilWaiting(0);
    const id = await hub.task(agent);
    const leased = await hub.leaseOne(agent);
    assert.deepEqual([leased.task.id, leased.attempt], [id, 1]);
  });

  it("is one of many, of which each gets one", async () => {
    const agent = await hub.agent();
    const leases = Array.from({ length: 12 }, () => wait(agent, 1.5));
    await untilWaiting(12);
    const ids = await Promise.all(Array.from({ length: 9 }, () => hub.task(agent)));
    const answers = await Promise.all(leases);
    assert.equal(answers.filter((tasks) => tasks.length === 0).length, 3);
    assert.deepEqual(answers.flatMap((tasks) => tasks.map(({ task }) => task.id)).toSorted(), ids.toSorted());
  });

  it("hears that there was none when the hub stops", async () => {
    const agent = await hub.agent();
    const other = await hub.test.startAnother("web");
    const body = { workerId: "w", agents: [agent], waitSeconds: 30 };
    const answer = hub.test.at(other.url)("POST", "/api/v1/worker/lease", body);
    await untilWaiting(1, other);
    await other.stop();
    assert.equal((await answer).status, 204);
  });
});
