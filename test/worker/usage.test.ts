import assert from "node:assert/strict";
import { startReceiver, type Receiver } from "../support/receiver.ts";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("The usage of a task", () => {
  let hub: WorkingHub;
  let receiver: Receiver;
  before(async () => {
    hub = await startWorkingHub();
    receiver = await startReceiver();
    await hub.test.call("POST", "/api/v1/endpoints", { url: receiver.url, eventTypes: ["task.completed"] });
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });

  const fail = (work: Leased, usage: object, retryable = true) =>
    hub.say(work, "fail", { error: { code: "x", message: "y" }, retryable, usage });

  it("is what all attempts cost, in its view, in lists, and in what is announced", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const failed = await fail(await hub.leaseOne(agent), { tokens: 100, costUsd: 0.1, model: "small" });
    assert.deepEqual([failed.status, failed.body.state], [200, "submitted"]);
    assert.deepEqual((await hub.read(id)).usage, { tokens: 100, costUsd: 0.1, model: "small" });
    await hub.pass(600);
    const second = await hub.leaseOne(agent);
    await hub.say(second, "heartbeat", { usage: { tokens: 20, note: "a\u0000b" } });
    await hub.say(second, "release");
    const third = await hub.leaseOne(agent);
    assert.equal((await hub.read(id)).usage.tokens, 120);
    await hub.say(third, "complete", {
      result: 1,
      usage: { tokens: 3, costUsd: 0.2, durationMs: 1500, model: "large" },
    });

    const total = { tokens: 123, costUsd: 0.3, model: "large", note: "a\u0000b", durationMs: 1500 };
    const task = await hub.read(id);
    assert.deepEqual(task.usage, total);
    assert.deepEqual(
      task.attempts.map(({ usage }: { usage: { tokens: number } }) => usage.tokens),
      [100, 20, 3],
    );
    const listed = await hub.test.call("GET", `/api/v1/tasks?agent=${agent}`);
    assert.deepEqual(listed.body.data[0].usage, total);
    const results = await hub.test.call("GET", `/api/v1/agents/${agent}/results`);
    assert.deepEqual(results.body.data[0].usage, total);
    const [said] = await receiver.until(1);
    assert.deepEqual(JSON.parse(said?.body ?? "").data.task.usage, total);
  });

  it("adds up over many attempts without growing", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const work = await hub.leaseOne(agent);
      await hub.say(work, "heartbeat", { usage: { tokens: 1 } });
      await hub.say(work, "release");
    }
    assert.equal((await hub.read(id)).usage.tokens, 12);
    const text = "SELECT max(array_length(past_usages, 1)) AS most FROM tasks";
    const [row] = await hub.test.hub.services.db.query<{ most: number }>({ text }, []);
    assert.ok((row?.most ?? 0) <= 8);
  });

  it("comes with a failure too, the last one or not, and the call repeated answers the same", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const work = await hub.leaseOne(agent);
    const answers = [await fail(work, { tokens: 4 }, false), await fail(work, { tokens: 4 }, false)];
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.state]),
      [
        [200, "failed"],
        [200, "failed"],
      ],
    );
    const { usage, attempts } = await hub.read(id);
    assert.deepEqual([usage, attempts[0].usage], [{ tokens: 4 }, { tokens: 4 }]);
    assert.equal((await fail(work, [])).status, 422);
  });

  it("counts against budgets as soon as an attempt failed, and once", async () => {
    assert.equal((await hub.test.call("PUT", "/api/v1/budget", { tokensPerDay: 1_000 })).status, 200);
    const agent = await hub.agent();
    await hub.task(agent);
    await fail(await hub.leaseOne(agent), { tokens: 100 });
    const used = async () => {
      await hub.test.hub.processAll();
      return (await hub.test.call("GET", "/api/v1/budget")).body.used.day.tokens;
    };
    assert.equal(await used(), 100);
    hub.test.clock.advanceBy(600);
    await hub.test.hub.processAll();
    await fail(await hub.leaseOne(agent), { tokens: 7 }, false);
    assert.equal(await used(), 107);
  });
});
