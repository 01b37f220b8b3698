import assert from "node:assert/strict";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const error = { code: "broken", message: "It broke" };

describe("A worker that cannot do its task", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { maxAttempts: 3, retryBaseSeconds: 10, retryMaxSeconds: 300 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const secondsUntil = (time: string): number => (Date.parse(time) - hub.test.clock.now()) / 1000;

  it("has it tried again later, by the hub's backoff", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const first = await hub.leaseOne(agent);
    const answer = await hub.say(first, "fail", { error, retryable: true });
    assert.deepEqual([answer.status, answer.body], [200, { id, state: "submitted" }]);
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.reason], ["submitted", "retry"]);
    const delay = secondsUntil(task.startAfter);
    assert.ok(delay > 7.5 && delay <= 12, `waits ${delay} s`);
    const { outcome, error: kept, endedAt } = task.attempts[0];
    assert.deepEqual([outcome, kept, endedAt !== undefined], ["failed", error, true]);
    assert.deepEqual(await hub.said(id), []);
    assert.deepEqual(await hub.lease(agent), []);
    await hub.pass(13);
    assert.equal((await hub.leaseOne(agent)).attempt, 2);
  });

  it("may say after how long", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await hub.say(await hub.leaseOne(agent), "fail", { error, retryable: true, retryAfterSeconds: 1_000 });
    assert.ok(Math.abs(secondsUntil((await hub.read(id)).startAfter) - 1_000) < 2);
    await hub.pass(990);
    assert.deepEqual(await hub.lease(agent), []);
    await hub.pass(10);
    await hub.say(await hub.leaseOne(agent), "fail", { error, retryable: true, retryAfterSeconds: 0 });
    // At once: without waiting for the promoter.
    assert.equal((await hub.leaseOne(agent)).attempt, 3);
  });

  it("fails it when no attempt is left", async () => {
    const agent = await hub.agent({ maxAttempts: 2 });
    const id = await hub.task(agent);
    await hub.say(await hub.leaseOne(agent), "fail", { error, retryable: true, retryAfterSeconds: 0 });
    const last = await hub.leaseOne(agent);
    const answer = await hub.say(last, "fail", { error, retryable: true });
    assert.deepEqual([answer.status, answer.body.state], [200, "failed"]);
    assert.deepEqual((await hub.say(last, "fail", { error, retryable: true })).body, answer.body);
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.reason, task.error], ["failed", "attempts_exhausted", error]);
    assert.deepEqual(
      task.attempts.map((attempt: { outcome: string; error: object }) => [attempt.outcome, attempt.error]),
      [
        ["failed", error],
        ["failed", error],
      ],
    );
    assert.deepEqual(await hub.said(id), ["task.failed"]);
    assert.equal(await hub.job(id), undefined);
  });

  it("fails it at once when another attempt makes no sense", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const answer = await hub.say(await hub.leaseOne(agent), "fail", { error, retryable: false });
    assert.deepEqual([answer.status, answer.body.state], [200, "failed"]);
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.reason, task.error], ["failed", "agent_error", error]);
    const retried = await hub.test.call("POST", `/api/v1/tasks/${id}/retry`);
    assert.deepEqual([retried.status, "error" in retried.body], [202, false]);
    assert.equal((await hub.leaseOne(agent)).attempt, 2);
  });

  it("gives it back free of charge", async () => {
    const agent = await hub.agent({ maxAttempts: 1 });
    const id = await hub.task(agent);
    for (let round = 1; round <= 3; round += 1) {
      const leased = await hub.leaseOne(agent);
      assert.equal(leased.attempt, 1, `round ${round}`);
      const answer = await hub.say(leased, "release");
      assert.deepEqual([answer.status, answer.body], [200, { id, state: "submitted" }]);
    }
    const last = await hub.leaseOne(agent);
    assert.equal((await hub.say(last, "complete", { result: 1 })).status, 200);
    const task = await hub.read(id);
    assert.deepEqual(
      task.attempts.map((attempt: { outcome: string }) => attempt.outcome),
      ["released", "released", "released", "completed"],
    );
  });

  it("must say what went wrong", async () => {
    const agent = await hub.agent();
    await hub.task(agent);
    const leased = await hub.leaseOne(agent);
    const bad: Readonly<Record<string, object>> = {
      error: { retryable: true },
      "error.code": { error: { message: "" }, retryable: true },
      retryable: { error },
      retryAfterSeconds: { error, retryable: true, retryAfterSeconds: -1 },
      "error.message": { error: { code: "x", message: "x".repeat(10_001) }, retryable: true },
    };
    for (const [field, fields] of Object.entries(bad)) {
      const answer = await hub.say(leased, "fail", fields);
      assert.deepEqual([answer.status, answer.body.errors[0].path], [422, field]);
    }
  });

  it("does not get a task before its time", async () => {
    const agent = await hub.agent();
    const at = (seconds: number): string => new Date(hub.test.clock.now() + seconds * 1000).toISOString();
    const later = await hub.task(agent, { startAfter: at(60), priority: 9 });
    const past = await hub.task(agent, { startAfter: at(-60) });
    assert.equal((await hub.leaseOne(agent)).task.id, past);
    assert.deepEqual(await hub.lease(agent), []);
    const task = await hub.read(later);
    assert.deepEqual([task.state, task.attemptCount], ["submitted", 0]);
    await hub.pass(59);
    assert.deepEqual(await hub.lease(agent), []);
    await hub.pass(1);
    assert.equal((await hub.leaseOne(agent)).task.id, later);
  });

  it("does not get a task that was canceled before its time", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent, { startAfter: new Date(hub.test.clock.now() + 60_000).toISOString() });
    assert.equal((await hub.test.call("POST", `/api/v1/tasks/${id}/cancel`)).status, 200);
    await hub.pass(61);
    assert.deepEqual(await hub.lease(agent), []);
    assert.equal((await hub.read(id)).state, "canceled");
  });

  it("is not found for a task whose agent was deleted, so that it is not redriven", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await hub.test.call("POST", `/api/v1/tasks/${id}/cancel`);
    assert.equal((await hub.test.call("DELETE", `/api/v1/agents/${agent}`)).status, 204);
    const answer = await hub.test.call("POST", `/api/v1/tasks/${id}/retry`);
    assert.deepEqual([answer.status, answer.body.code], [409, "agent_deleted"]);
    assert.equal((await hub.read(id)).state, "canceled");
  });
});
