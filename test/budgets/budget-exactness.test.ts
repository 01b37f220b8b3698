import assert from "node:assert/strict";
import type { Hub } from "../../src/hub.ts";
import { eventually } from "../support/eventually.ts";
import { github, newDeliveryId, openSource, storedOf } from "../inbound/senders.ts";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";
import type { TestAnswer, TestClient } from "../support/test-hub.ts";

describe("Budgets of two hubs on one database", () => {
  let hub: WorkingHub;
  let other: Hub;
  let clients: [TestClient, TestClient];
  before(async () => {
    hub = await startWorkingHub({ api: { rateLimitPerSecond: 100_000 } });
    other = await hub.test.startAnother();
    clients = [hub.test.call, hub.test.at(other.url)];
    hub.test.clock.advanceBy(86_400 - ((hub.test.clock.now() / 1000) % 86_400) + 60);
  });
  after(() => hub[Symbol.asyncDispose]());

  const at = (index: number): TestClient => clients[index % 2] as TestClient;
  const budget = async (name: string): Promise<TestAnswer["body"]> =>
    (await hub.test.call("GET", "/api/v1/budgets")).body.data.find((each: { name: string }) => each.name === name);
  const newAgent = async (name: string, limits: object): Promise<void> => {
    const answer = await hub.test.call("POST", "/api/v1/agents", { name, runner: { type: "pull" }, limits });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  };

  it("let through exactly as many tasks as they allow, by routes and by calls, and say so once", async () => {
    await newAgent("counted", { budget: { tasksPerDay: 25 } });
    const source = await openSource(hub.test, github);
    const route = { name: "counting", sourceId: source.id, agent: "counted", task: { input: "x" } };
    await hub.test.call("POST", "/api/v1/routes", { ...route, limits: { budget: { tasksPerHour: 15 } } });
    const events = await Promise.all(
      Array.from({ length: 30 }, async () =>
        storedOf(await source.send({ id: newDeliveryId(), body: '{"action":"opened"}' })),
      ),
    );
    const calls = Promise.all(
      Array.from({ length: 30 }, (_, index) => at(index)("POST", "/api/v1/tasks", { agent: "counted", input: "x" })),
    );
    const statuses = (await calls).map(({ status }) => status);
    await eventually(async () => {
      const decided = await Promise.all(
        events.map(
          async ({ eventId }) => (await hub.test.call("GET", `/api/v1/events/${eventId}`)).body.decisions[0].outcome,
        ),
      );
      assert.ok(decided.every((outcome) => outcome !== "pending"));
      const [byRoute, byCall] = [
        decided.filter((outcome) => outcome === "matched").length,
        statuses.filter((status) => status === 202).length,
      ];
      assert.deepEqual([byRoute + byCall, byRoute <= 15], [25, true]);
    });
    assert.ok(statuses.every((status) => status === 202 || status === 409));
    assert.equal((await budget("counted")).used.day.tasks, 25);
    const { data } = (await hub.test.call("GET", "/api/v1/messages?type=budget.exceeded")).body;
    const said = await Promise.all(
      data.map(
        async ({ id }: { id: string }) => (await hub.test.call("GET", `/api/v1/messages/${id}`)).body.data.budget.name,
      ),
    );
    assert.equal(said.filter((name) => name === "counted").length, 1);
    assert.ok(said.filter((name) => name === "counting").length <= 1);
  });

  it("add up what many workers report at once, while tasks are made and end", async () => {
    await newAgent("metered", { budget: { tokensPerDay: 1_000_000, costPerDay: 1_000 } });
    await hub.test.call("PUT", "/api/v1/budget", { tokensPerDay: 2_000_000 });
    await Promise.all(Array.from({ length: 40 }, () => hub.task("metered")));
    const work = async (client: TestClient): Promise<number> => {
      let tokens = 0;
      for (;;) {
        const [leased] = (await hub.lease("metered", {}, client)) as [Leased?];
        if (leased === undefined) return tokens;
        for (const reported of [10, 25])
          assert.equal(
            (await hub.say(leased, "heartbeat", { usage: { tokens: reported, costUsd: 0.1 } }, client)).status,
            200,
          );
        await hub.say(leased, "complete", { usage: { tokens: 40, costUsd: 0.3 } }, client);
        tokens += 40;
        // Made while others settle: it locks the accounts that their charges are for.
        if (tokens === 40) await hub.task("metered");
      }
    };
    const totals = await Promise.all(Array.from({ length: 8 }, (_, index) => work(at(index))));
    const spent = totals.reduce((a, b) => a + b);
    const [agent, project] = [await budget("metered"), (await hub.test.call("GET", "/api/v1/budget")).body];
    const done = spent / 40;
    assert.ok(done >= 40);
    assert.deepEqual(
      [agent.used.day.tokens, agent.used.day.costUsd, agent.used.day.tasks],
      [spent, (done * 3) / 10, done],
    );
    assert.deepEqual([project.used.day.tokens, agent.reserved], [spent, { tokens: 0, costUsd: 0 }]);
  });

  it("never wait crosswise with workers whose tasks a newer one cancels", async () => {
    await newAgent("hasty", { budget: { tokensPerDay: 1_000_000 } });
    const source = await openSource(hub.test, github);
    const keys = { concurrency: { key: "event.body.key", policy: "cancel" } };
    const route = { name: "hasty", sourceId: source.id, agent: "hasty", task: { input: "x" }, keys };
    assert.equal((await hub.test.call("POST", "/api/v1/routes", route)).status, 201);
    const over = new AbortController();
    const work = async (client: TestClient): Promise<void> => {
      while (!over.signal.aborted)
        for (const leased of await hub.lease("hasty", { max: 2, waitSeconds: 0.2 }, client)) {
          await hub.say(leased, "heartbeat", { usage: { tokens: 5 } }, client);
          const { status } = await hub.say(leased, "complete", { usage: { tokens: 10 } }, client);
          assert.ok(status === 200 || status === 409, String(status));
        }
    };
    const workers = Array.from({ length: 4 }, (_, index) => work(at(index)));
    for (let round = 0; round < 5; round += 1)
      await Promise.all(
        Array.from({ length: 12 }, async (_, index) =>
          storedOf(
            await source.send({ id: newDeliveryId(), body: JSON.stringify({ action: "opened", key: index % 3 }) }),
          ),
        ),
      );
    const { db } = hub.test.hub.services;
    const open = {
      text: `SELECT count(*)::int FROM tasks t JOIN agents a ON a.id = t.agent_id
             WHERE a.name = 'hasty' AND t.settled_at IS NULL`,
    };
    const pending = { text: "SELECT count(*)::int FROM pending_decisions" };
    await eventually(async () => {
      for (const query of [pending, open]) assert.deepEqual(await db.query(query, []), [{ count: 0 }]);
    }, 15_000);
    over.abort();
    await Promise.all(workers);
    const text = "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()";
    assert.deepEqual(await db.query({ text }, []), [{ deadlocks: 0 }]);
    const { used, reserved } = await budget("hasty");
    assert.deepEqual([used.day.tasks, reserved.tokens], [60, 0]);
  }).timeout(30_000);
});
