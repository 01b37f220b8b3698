import assert from "node:assert/strict";
import { startReceiver } from "../support/receiver.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("A lease that lapses", () => {
  let hub: WorkingHub;
  before(async () => {
    const tasks = { leaseSeconds: 60, timeoutSeconds: 100, maxAttempts: 3, retryBaseSeconds: 10, retryMaxSeconds: 15 };
    hub = await startWorkingHub({ tasks });
  });
  after(() => hub[Symbol.asyncDispose]());

  const secondsUntil = (time: string): number => (Date.parse(time) - hub.test.clock.now()) / 1000;

  it("ends the attempt; the task waits a while and is leased again", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const first = await hub.leaseOne(agent);
    await hub.pass(59);
    assert.equal((await hub.read(id)).state, "working");
    await hub.pass(1.1);
    let task = await hub.read(id);
    assert.deepEqual([task.state, task.reason], ["submitted", "lease_expired"]);
    assert.deepEqual([task.attempts.length, task.attempts[0].outcome], [1, "lease_expired"]);
    assert.ok(task.attempts[0].endedAt);
    assert.equal("workerId" in task, false);
    const delay = secondsUntil(task.startAfter);
    assert.ok(delay > 7.9 && delay <= 12, `waits ${delay} s`);
    // It waits in its row: the queue holds what may be leased.
    assert.equal(await hub.job(id), undefined);
    assert.deepEqual(await hub.lease(agent), []);

    await hub.pass(7);
    assert.deepEqual(await hub.lease(agent), []);
    await hub.pass(5.1);
    const second = await hub.leaseOne(agent);
    assert.deepEqual([second.task.id, second.attempt], [id, 2]);
    assert.notEqual(second.leaseToken, first.leaseToken);
    task = await hub.read(id);
    assert.deepEqual([task.state, "reason" in task, "startAfter" in task], ["working", false, false]);
    assert.equal((await hub.say(second, "complete", { result: 1 })).status, 200);
    assert.deepEqual(await hub.said(id), ["task.completed"]);
  });

  it("waits longer each time, but no longer than the most", async () => {
    const agent = await hub.agent({ maxAttempts: 4 });
    const id = await hub.task(agent);
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      assert.equal((await hub.leaseOne(agent)).attempt, attempt);
      await hub.pass(61);
      delays.push(secondsUntil((await hub.read(id)).startAfter));
      await hub.pass(16);
    }
    assert.ok((delays[0] ?? 0) <= 12 && (delays[1] ?? 0) > 11 && (delays[2] ?? 0) > 11, delays.join());
    assert.ok(delays.every((delay) => delay <= 15));
  });

  it("is a timeout past the attempt's deadline", async () => {
    const agent = await hub.agent({ maxAttempts: 1 });
    const id = await hub.task(agent);
    await hub.leaseOne(agent, { leaseSeconds: 100 });
    await hub.pass(101);
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.reason, task.attempts[0].outcome], ["failed", "timeout", "timeout"]);
  });

  it("fails the task for good when no attempt is left, and says so; a person may have it done again", async () => {
    await using receiver = await startReceiver();
    const endpoint = { url: receiver.url, eventTypes: ["task.failed"] };
    await hub.test.call("POST", "/api/v1/endpoints", endpoint);
    const agent = await hub.agent({ maxAttempts: 2 });
    const id = await hub.task(agent);
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await hub.leaseOne(agent);
      await hub.pass(61);
      await hub.pass(16);
    }
    let task = await hub.read(id);
    assert.deepEqual([task.state, task.reason], ["failed", "lease_expired"]);
    assert.ok(task.settledAt);
    assert.deepEqual(
      task.attempts.map((attempt: { outcome: string }) => attempt.outcome),
      ["lease_expired", "lease_expired"],
    );
    assert.deepEqual(await hub.said(id), ["task.failed"]);
    const [request] = await receiver.until(1);
    const { data } = JSON.parse(request?.body ?? "");
    assert.deepEqual([data.task.id, data.task.reason, data.task.attempts], [id, "lease_expired", 2]);

    const retried = await hub.test.call("POST", `/api/v1/tasks/${id}/retry`);
    assert.deepEqual([retried.status, retried.body.state, retried.body.reason], [202, "submitted", "redriven"]);
    assert.equal("settledAt" in retried.body, false);
    // All its attempts are ahead of it again.
    assert.equal((await hub.leaseOne(agent)).attempt, 3);
    await hub.pass(61);
    await hub.pass(16);
    const last = await hub.leaseOne(agent);
    assert.equal(last.attempt, 4);
    await hub.say(last, "complete", { result: "at last" });
    task = await hub.read(id);
    assert.deepEqual([task.state, task.result, task.attempts.length], ["completed", "at last", 4]);
    assert.deepEqual(await hub.said(id), ["task.failed", "task.completed"]);
  });

  it("lapses many at once, and each once, in two processes that sweep together", async () => {
    const agent = await hub.agent();
    const ids = await Promise.all(Array.from({ length: 60 }, () => hub.task(agent)));
    assert.equal((await hub.lease(agent, { max: 100 })).length, 60);
    const other = await hub.test.startAnother("worker");
    hub.test.clock.advanceBy(61);
    await Promise.all([hub.test.hub.processAll(), other.processAll()]);
    for (const id of ids) {
      const task = await hub.read(id);
      assert.deepEqual([task.state, task.attempts.length], ["submitted", 1]);
    }
    await hub.pass(16);
    assert.equal((await hub.lease(agent, { max: 100 })).length, 60);
    await other.stop();
  });
});
