import assert from "node:assert/strict";
import { settleTasks } from "../../src/tasks/settle-tasks.ts";
import { eventually } from "../support/eventually.ts";
import { startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

const failure = { error: { code: "no", message: "No" }, retryable: true };

describe("A concurrency key lets so many tasks be open at once", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, maxAttempts: 2 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const make = (agent: string, concurrency: unknown, fields: object = {}): Promise<string> =>
    hub.task(agent, { keys: { concurrency }, ...fields });
  const waiting = async (id: string): Promise<unknown> => (await hub.read(id)).waitingFor;
  const idsOf = (leases: readonly { readonly task: { readonly id: string } }[]): string[] =>
    leases.map(({ task }) => task.id);

  it("and the others wait, each for the next free place, first come first", async () => {
    const agent = await hub.agent();
    const ids = [await make(agent, "k"), await make(agent, "k"), await make(agent, "k")];
    const [first, second, third] = ids as [string, string, string];
    assert.deepEqual([await waiting(first), await waiting(second)], [undefined, "concurrency"]);
    assert.equal(await hub.job(second), undefined);
    const [leased] = await hub.lease(agent, { max: 5 });
    assert.equal(leased?.task.id, first);
    assert.deepEqual(await hub.lease(agent, { max: 5 }), []);
    assert.ok(leased !== undefined);
    await hub.say(leased, "complete");
    assert.deepEqual([await waiting(second), await waiting(third)], [undefined, "concurrency"]);
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 5 })), [second]);
  });

  it("up to its limit, and other keys beside it", async () => {
    const agent = await hub.agent();
    const two = { key: "k", limit: 2 };
    const ids = [await make(agent, two), await make(agent, two), await make(agent, two), await make(agent, "other")];
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 9 })), [ids[0], ids[1], ids[3]]);
  });

  it("wakes the worker that waits for the place", async () => {
    const agent = await hub.agent();
    await make(agent, "k");
    const second = await make(agent, "k");
    const leased = await hub.leaseOne(agent);
    const waitingWorker = hub.lease(agent, { waitSeconds: 20 });
    await hub.say(leased, "complete");
    assert.deepEqual(idsOf(await waitingWorker), [second]);
  });

  it("and a task between two attempts keeps its place", async () => {
    const agent = await hub.agent();
    const first = await make(agent, "k");
    const second = await make(agent, "k");
    await hub.say(await hub.leaseOne(agent), "fail", { ...failure, retryAfterSeconds: 30 });
    assert.deepEqual(await hub.lease(agent), []);
    assert.equal(await waiting(second), "concurrency");
    await hub.pass(31);
    const again = await hub.leaseOne(agent);
    assert.equal(again.task.id, first);
    await hub.say(again, "release");
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 2 })), [first]);
    assert.equal(await waiting(second), "concurrency");
    // Its last attempt lapses: the place is free.
    await hub.pass(61);
    assert.equal((await hub.read(first)).state, "failed");
    assert.deepEqual(idsOf(await hub.lease(agent)), [second]);
  });

  it("and one that waits may be canceled, and leaves the line", async () => {
    const agent = await hub.agent();
    await make(agent, "k");
    const [second, third] = [await make(agent, "k"), await make(agent, "k")];
    assert.equal((await hub.test.call("POST", `/api/v1/tasks/${second}/cancel`)).status, 200);
    await hub.say(await hub.leaseOne(agent), "complete");
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 5 })), [third]);
  });

  it("and one that is retried waits for a place like any other", async () => {
    const agent = await hub.agent();
    const first = await make(agent, "k");
    await hub.test.call("POST", `/api/v1/tasks/${first}/cancel`);
    await make(agent, "k");
    const retried = await hub.test.call("POST", `/api/v1/tasks/${first}/retry`);
    assert.deepEqual([retried.status, retried.body.waitingFor], [202, "concurrency"]);
    await hub.say(await hub.leaseOne(agent), "complete");
    assert.deepEqual(idsOf(await hub.lease(agent)), [first]);
  });

  it("and asks for its place only when its time has come", async () => {
    const agent = await hub.agent();
    const startAfter = new Date(hub.test.clock.now() + 60_000).toISOString();
    const later = await make(agent, "k", { startAfter });
    const now = await make(agent, "k");
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 5 })), [now]);
    await hub.pass(61);
    assert.equal(await waiting(later), "concurrency");
  });

  it("drops what is one too many", async () => {
    const agent = await hub.agent();
    const drop = { key: "k", limit: 2, policy: "drop" };
    await make(agent, drop);
    await make(agent, drop);
    const before = (await hub.test.call("GET", `/api/v1/tasks?agent=${agent}`)).body.data.length;
    const dropped = await hub.test.call("POST", "/api/v1/tasks", { agent, input: "x", keys: { concurrency: drop } });
    assert.deepEqual([dropped.status, dropped.body.code], [409, "concurrency_dropped"]);
    assert.equal((await hub.test.call("GET", `/api/v1/tasks?agent=${agent}`)).body.data.length, before);
    await hub.say(await hub.leaseOne(agent), "complete");
    await make(agent, drop);
  });

  it("cancels the one under way for the next, whose worker hears of it and can change nothing", async () => {
    const agent = await hub.agent();
    const cancel = { key: "k", policy: "cancel" };
    const first = await make(agent, cancel);
    const old = await hub.leaseOne(agent);
    const second = await make(agent, cancel);
    await eventually(async () => assert.equal((await hub.read(first)).state, "canceled"));
    assert.equal((await hub.read(first)).reason, "superseded");
    assert.deepEqual(await hub.said(first), ["task.canceled"]);
    assert.equal((await hub.say(old, "heartbeat")).body.signal, "cancel");
    const before = await hub.stored(first);
    for (const verb of ["complete", "release"]) assert.equal((await hub.say(old, verb)).status, 409);
    assert.deepEqual(await hub.stored(first), before);
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 5 })), [second]);
  });

  it("cancels as many of the oldest as it takes", async () => {
    const agent = await hub.agent();
    const cancel = { key: "k", limit: 2, policy: "cancel" };
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push(await make(agent, cancel));
    await hub.pass(0);
    const states = await Promise.all(ids.map(async (id) => (await hub.read(id)).state));
    assert.deepEqual(states, ["canceled", "canceled", "canceled", "submitted", "submitted"]);
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 5 })), ids.slice(3));
  });

  it("supersedes at the next opportunity what somebody else is changing just now", async () => {
    const agent = await hub.agent();
    const cancel = { key: "k", policy: "cancel" };
    const first = await make(agent, cancel);
    const { db } = hub.test.hub.services;
    let second = "";
    await db.transaction(async (tx) => {
      await tx.query({ text: "SELECT id FROM tasks ORDER BY id DESC LIMIT 1 FOR UPDATE" }, []);
      second = await make(agent, cancel);
      await hub.pass(0);
      assert.deepEqual([(await hub.read(first)).state, await waiting(second)], ["submitted", "concurrency"]);
    });
    await hub.pass(0);
    assert.equal((await hub.read(first)).state, "canceled");
    assert.deepEqual(idsOf(await hub.lease(agent)), [second]);
  });

  it("counts a task that is dead-lettered as ended", async () => {
    const agent = await hub.agent();
    const first = await make(agent, "k");
    const second = await make(agent, "k");
    const { services } = hub.test.hub;
    await services.db.transaction(async (tx) => {
      await settleTasks(tx, services, [{ taskId: taskUuid(first), to: "failed", reason: "dead_lettered" }]);
    });
    assert.deepEqual(idsOf(await hub.lease(agent)), [second]);
  });
});
