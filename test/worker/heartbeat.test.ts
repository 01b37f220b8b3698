import assert from "node:assert/strict";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("A heartbeat", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, timeoutSeconds: 150 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const leased = async (options: object = {}): Promise<Leased> => {
    const agent = await hub.agent();
    await hub.task(agent);
    return await hub.leaseOne(agent, options);
  };
  const beat = async (work: Leased, fields: object = {}) => {
    const { status, body } = await hub.say(work, "heartbeat", fields);
    assert.equal(status, 200);
    return body;
  };
  const secondsUntil = (time: string): number => Math.round((Date.parse(time) - hub.test.clock.now()) / 1000);

  it("extends the lease by its own length", async () => {
    const work = await leased({ leaseSeconds: 20 });
    hub.test.clock.advanceBy(15);
    const { leaseExpiresAt, signal } = await beat(work);
    assert.deepEqual([secondsUntil(leaseExpiresAt), signal], [20, "continue"]);
    assert.equal((await hub.read(work.task.id)).leaseExpiresAt, leaseExpiresAt);
    await hub.pass(15);
    assert.equal((await hub.read(work.task.id)).state, "working");
  });

  it("never extends it past the deadline", async () => {
    const work = await leased();
    hub.test.clock.advanceBy(50);
    assert.equal(secondsUntil((await beat(work)).leaseExpiresAt), 60);
    hub.test.clock.advanceBy(50);
    assert.equal((await beat(work)).leaseExpiresAt, work.deadlineAt);
    hub.test.clock.advanceBy(40);
    assert.equal((await beat(work)).leaseExpiresAt, work.deadlineAt);
    await hub.pass(11);
    const task = await hub.read(work.task.id);
    assert.deepEqual([task.state, task.reason, task.attempts[0].outcome], ["submitted", "timeout", "timeout"]);
    assert.equal((await hub.say(work, "heartbeat")).status, 409);
  });

  it("keeps progress and cost until there is news of them", async () => {
    const work = await leased();
    await beat(work, { progress: { step: 1 }, usage: { tokens: 10 } });
    await beat(work);
    let task = await hub.read(work.task.id);
    assert.deepEqual([task.progress, task.usage], [{ step: 1 }, { tokens: 10 }]);
    await beat(work, { progress: "half way" });
    await beat(work, { usage: { tokens: 30, costUsd: 0.1 } });
    task = await hub.read(work.task.id);
    assert.deepEqual([task.progress, task.usage], ["half way", { tokens: 30, costUsd: 0.1 }]);
    await hub.say(work, "complete", { result: 1 });
    task = await hub.read(work.task.id);
    assert.deepEqual([task.usage, task.attempts[0].usage], [task.usage, { tokens: 30, costUsd: 0.1 }]);
  });

  it("leaves what an attempt cost with that attempt, and the task with what all of them cost", async () => {
    const work = await leased();
    await beat(work, { progress: "lost", usage: { tokens: 10 } });
    await hub.say(work, "release");
    const again = await hub.leaseOne(work.task.agent);
    let task = await hub.read(work.task.id);
    assert.deepEqual([task.progress, task.usage], [undefined, { tokens: 10 }]);
    await hub.say(again, "complete", { result: 1, usage: { tokens: 3 } });
    task = await hub.read(work.task.id);
    assert.deepEqual(
      task.attempts.map((attempt: { usage: unknown }) => attempt.usage),
      [{ tokens: 10 }, { tokens: 3 }],
    );
    assert.deepEqual(task.usage, { tokens: 13 });
  });

  it("tells of a cancellation, and extends nothing then", async () => {
    const work = await leased();
    await hub.test.call("POST", `/api/v1/tasks/${work.task.id}/cancel`);
    const before = await hub.stored(work.task.id);
    const { signal, leaseExpiresAt } = await beat(work, { progress: "too late" });
    assert.deepEqual([signal, Date.parse(leaseExpiresAt) <= hub.test.clock.now()], ["cancel", true]);
    hub.test.clock.advanceBy(3_600);
    assert.equal((await beat(work)).signal, "cancel");
    assert.deepEqual(await hub.stored(work.task.id), before);
    assert.deepEqual(await hub.said(work.task.id), ["task.canceled"]);
    const task = await hub.read(work.task.id);
    assert.deepEqual([task.state, task.reason, task.attempts[0].outcome], ["canceled", "canceled", "canceled"]);
  });

  it("says no more of the cancellation once the task is done again", async () => {
    const work = await leased();
    await hub.test.call("POST", `/api/v1/tasks/${work.task.id}/cancel`);
    await hub.test.call("POST", `/api/v1/tasks/${work.task.id}/retry`);
    assert.equal((await hub.say(work, "heartbeat")).status, 409);
    assert.equal((await hub.leaseOne(work.task.agent)).attempt, 2);
  });
});
