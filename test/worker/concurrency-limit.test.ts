import assert from "node:assert/strict";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const failure = { error: { code: "broken", message: "It broke" } };

describe("An agent's concurrency limit", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, maxAttempts: 5, retryBaseSeconds: 600 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const limited = async (concurrency: number, tasks: number): Promise<string> => {
    const agent = await hub.agent({ concurrency });
    await Promise.all(Array.from({ length: tasks }, () => hub.task(agent)));
    return agent;
  };

  it("holds for one call and for the next", async () => {
    const agent = await limited(3, 5);
    assert.equal((await hub.lease(agent, { max: 2 })).length, 2);
    assert.equal((await hub.lease(agent, { max: 100 })).length, 1);
    assert.equal((await hub.lease(agent, { max: 100 })).length, 0);
  });

  it("is never exceeded by workers that come at once, to two processes, and serve several agents", async () => {
    const [one, two] = [await limited(3, 20), await limited(2, 20)];
    const other = await hub.test.startAnother("web");
    const clients = [hub.test.call, hub.test.at(other.url)];
    const leases = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        // Opposite orders: who locks one after the other must not lock them crosswise.
        hub.lease(index % 3 === 0 ? [one, two] : [two, one], { max: 2 }, clients[index % 2]),
      ),
    );
    const byAgent = Map.groupBy(leases.flat(), ({ task }) => task.agent);
    assert.deepEqual([byAgent.get(one)?.length, byAgent.get(two)?.length], [3, 2]);
    await other.stop();
  });

  const frees: Readonly<Record<string, (leased: Leased) => Promise<unknown>>> = {
    completes: (leased) => hub.say(leased, "complete", { result: 1 }),
    fails: (leased) => hub.say(leased, "fail", { ...failure, retryable: false }),
    "fails retryably": (leased) => hub.say(leased, "fail", { ...failure, retryable: true }),
    "gives a task back": (leased) => hub.say(leased, "release"),
    "loses its lease": () => hub.pass(61),
  };
  for (const [what, free] of Object.entries(frees))
    it(`lets a waiting worker in as soon as another one ${what}`, async () => {
      const agent = await limited(1, 2);
      const held = await hub.leaseOne(agent);
      const startedAt = performance.now();
      const waiting = hub.lease(agent, { waitSeconds: 10 });
      const idle = await hub.lease(agent);
      assert.deepEqual(idle, []);
      await free(held);
      assert.equal((await waiting).length, 1);
      assert.ok(performance.now() - startedAt < 2_000);
    });

  it("lets a waiting worker in when a task is canceled", async () => {
    const agent = await limited(1, 2);
    const held = await hub.leaseOne(agent);
    const waiting = hub.lease(agent, { waitSeconds: 10 });
    await hub.test.call("POST", `/api/v1/tasks/${held.task.id}/cancel`);
    assert.equal((await waiting).length, 1);
  });

  it("lets waiting workers in when it is raised", async () => {
    const agent = await limited(1, 4);
    await hub.leaseOne(agent);
    const waiting = [1, 2].map(() => hub.lease(agent, { waitSeconds: 10 }));
    await hub.lease(agent);
    const startedAt = performance.now();
    await hub.test.call("PATCH", `/api/v1/agents/${agent}`, { limits: { concurrency: 3 } });
    assert.deepEqual(
      (await Promise.all(waiting)).map((tasks) => tasks.length),
      [1, 1],
    );
    assert.ok(performance.now() - startedAt < 2_000);
  });

  it("may be changed while tasks wait", async () => {
    const agent = await limited(1, 4);
    assert.equal((await hub.lease(agent, { max: 9 })).length, 1);
    await hub.test.call("PATCH", `/api/v1/agents/${agent}`, { limits: { concurrency: 3 } });
    assert.equal((await hub.lease(agent, { max: 9 })).length, 2);
    await hub.test.call("PATCH", `/api/v1/agents/${agent}`, { limits: { concurrency: 1 } });
    assert.equal((await hub.lease(agent, { max: 9 })).length, 0);
    await hub.test.call("PATCH", `/api/v1/agents/${agent}`, { limits: {} });
    assert.equal((await hub.lease(agent, { max: 9 })).length, 1);
  });
});
