import assert from "node:assert/strict";
import { toWireId } from "../../src/lib/ids.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const failure = { error: { code: "broken", message: "It broke" }, retryable: false };

describe("Settling a task under its lease", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const leased = async () => {
    const agent = await hub.agent();
    await hub.task(agent);
    return await hub.leaseOne(agent);
  };

  it("keeps the result and the cost, ends the attempt, and lets the job go", async () => {
    const work = await leased();
    const answer = await hub.say(work, "complete", { result: { label: "bug" }, usage: { tokens: 5 } });
    assert.deepEqual([answer.status, answer.body], [200, { id: work.task.id, state: "completed" }]);
    const task = await hub.read(work.task.id);
    assert.deepEqual([task.state, task.result, task.usage], ["completed", { label: "bug" }, { tokens: 5 }]);
    assert.deepEqual([task.attempts.length, task.attempts[0].outcome], [1, "completed"]);
    assert.deepEqual(task.attempts[0].usage, { tokens: 5 });
    assert.ok(task.attempts[0].endedAt);
    assert.equal(await hub.job(work.task.id), undefined);
    assert.deepEqual(await hub.said(work.task.id), ["task.completed"]);
  });

  it("answers a repeat as before, and says it once", async () => {
    const work = await leased();
    const first = await hub.say(work, "complete", { result: 1 });
    const before = await hub.stored(work.task.id);
    hub.test.clock.advanceBy(7_200);
    const second = await hub.say(work, "complete", { result: 1 });
    assert.deepEqual([second.status, second.body], [first.status, first.body]);
    assert.deepEqual(await hub.stored(work.task.id), before);
  });

  it("answers a repeated failure as before", async () => {
    const work = await leased();
    const first = await hub.say(work, "fail", failure);
    assert.deepEqual([first.status, first.body.state], [200, "failed"]);
    const second = await hub.say(work, "fail", failure);
    assert.deepEqual([second.status, second.body], [200, first.body]);
    assert.deepEqual(await hub.said(work.task.id), ["task.failed"]);
  });

  it("refuses the other end", async () => {
    const completed = await leased();
    await hub.say(completed, "complete", { result: 1 });
    assert.equal((await hub.say(completed, "fail", failure)).status, 409);
    assert.equal((await hub.say(completed, "fail", { ...failure, retryable: true })).status, 409);
    assert.equal((await hub.say(completed, "release")).status, 409);
    const failed = await leased();
    await hub.say(failed, "fail", failure);
    assert.equal((await hub.say(failed, "complete", { result: 1 })).status, 409);
    assert.deepEqual(await hub.said(completed.task.id), ["task.completed"]);
    assert.deepEqual(await hub.said(failed.task.id), ["task.failed"]);
  });

  it("happens once when two calls come at the same time", async () => {
    for (let round = 0; round < 5; round += 1) {
      const work = await leased();
      const answers = await Promise.all([1, 2, 3].map((result) => hub.say(work, "complete", { result })));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200],
      );
      assert.deepEqual(await hub.said(work.task.id), ["task.completed"]);
      assert.equal((await hub.read(work.task.id)).attempts.length, 1);
    }
  });

  it("happens once when two processes are called at the same time", async () => {
    const other = await hub.test.startAnother("web");
    for (let round = 0; round < 5; round += 1) {
      const work = await leased();
      const [here, there] = await Promise.all([
        hub.say(work, "complete", { result: 1 }),
        hub.say(work, "fail", failure, hub.test.at(other.url)),
      ]);
      assert.deepEqual(
        [here.status, there.status].toSorted((one, other) => one - other),
        [200, 409],
      );
      const state = here.status === 200 ? "completed" : "failed";
      assert.equal((await hub.read(work.task.id)).state, state);
      assert.deepEqual(await hub.said(work.task.id), [`task.${state}`]);
    }
    await other.stop();
  });

  it("is not kept from the holder by a forged call beside it", async () => {
    for (let round = 0; round < 5; round += 1) {
      const work = await leased();
      const forged = { ...work, leaseToken: "lease_forged" };
      const answers = await Promise.all([
        hub.say(forged, "complete", { result: "evil" }),
        hub.say(work, "complete", { result: "good" }),
        hub.say(forged, "fail", failure),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [409, 200, 409],
      );
      assert.equal((await hub.read(work.task.id)).result, "good");
    }
  });

  it("races with a cancellation, and one of them wins", async () => {
    for (let round = 0; round < 5; round += 1) {
      const work = await leased();
      const [completed, canceled] = await Promise.all([
        hub.say(work, "complete", { result: 1 }),
        hub.test.call("POST", `/api/v1/tasks/${work.task.id}/cancel`),
      ]);
      assert.deepEqual(
        [completed.status, canceled.status].toSorted((one, other) => one - other),
        [200, 409],
      );
      const state = completed.status === 200 ? "completed" : "canceled";
      assert.deepEqual(await hub.said(work.task.id), [`task.${state}`]);
      assert.equal(await hub.job(work.task.id), undefined);
    }
  });

  it("of a task that is not there is a 404, and of a wrong id a 422", async () => {
    const work = await leased();
    const { newId } = hub.test.hub.services;
    const gone = { ...work, task: { ...work.task, id: toWireId("task", newId()) } };
    assert.equal((await hub.say(gone, "complete", { result: 1 })).status, 404);
    for (const id of ["tsk_1", "evt_01h2xcejqtf2nbrexx3vqjhp41", newId()]) {
      const answer = await hub.say({ ...work, task: { ...work.task, id } }, "complete", { result: 1 });
      assert.equal(answer.status, 422);
    }
  });
});
