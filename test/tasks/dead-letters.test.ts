import assert from "node:assert/strict";
import { agentQueue } from "../../src/agents/agent-queue.ts";
import { settleDeadTasks } from "../../src/tasks/settle-dead-tasks.ts";
import { type OpenBoss, openBoss } from "../support/open-boss.ts";
import { startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

describe("A task whose job pg-boss gives up on", () => {
  let hub: WorkingHub;
  let boss: OpenBoss;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60 } });
    boss = await openBoss(hub.test.database.connectionString);
  });
  after(async () => {
    await boss[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });

  const giveUp = async (id: string): Promise<void> => {
    const [row] = await hub.test.hub.services.db.query<{ agent_id: string }>(
      { text: "SELECT agent_id FROM tasks WHERE id = $1" },
      [taskUuid(id)],
    );
    await boss.giveUp(agentQueue(row?.agent_id ?? ""), taskUuid(id));
    assert.equal(await hub.job(id), "failed");
  };

  it("fails, says so, and may be done again", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await giveUp(id);
    await hub.pass(0);
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.reason], ["failed", "dead_lettered"]);
    assert.deepEqual(await hub.said(id), ["task.failed"]);
    assert.equal(await hub.job(id), undefined);
    assert.deepEqual(await hub.lease(agent), []);

    assert.equal((await hub.test.call("POST", `/api/v1/tasks/${id}/retry`)).status, 202);
    const leased = await hub.leaseOne(agent);
    assert.equal(leased.task.id, id);
    assert.equal((await hub.say(leased, "complete", { result: 1 })).status, 200);
    assert.deepEqual(await hub.said(id), ["task.failed", "task.completed"]);
  });

  it("is left to the worker that holds it", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const leased = await hub.leaseOne(agent);
    await giveUp(id);
    const before = (await hub.read(id)).updatedAt;
    await hub.pass(0);
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.updatedAt], ["working", before]);
    assert.equal((await hub.say(leased, "complete", { result: 1 })).status, 200);
    assert.deepEqual(await hub.said(id), ["task.completed"]);
    assert.equal(await hub.job(id), undefined);
  });

  it("can be given back by the worker that holds it", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const leased = await hub.leaseOne(agent);
    await giveUp(id);
    await hub.say(leased, "release");
    await hub.pass(0);
    assert.equal((await hub.leaseOne(agent)).task.id, id);
  });

  it("fails when the lease has lapsed as well", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await hub.leaseOne(agent);
    await giveUp(id);
    hub.test.clock.advanceBy(61);
    assert.equal(await settleDeadTasks(hub.test.hub.services), 1);
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.reason, task.attempts[0].outcome], ["failed", "dead_lettered", "dead_lettered"]);
  });

  it("stays as it has ended meanwhile", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await giveUp(id);
    await hub.test.call("POST", `/api/v1/tasks/${id}/cancel`);
    await hub.pass(0);
    assert.equal((await hub.read(id)).state, "canceled");
    assert.deepEqual(await hub.said(id), ["task.canceled"]);
  });

  it("is left alone when it was redriven before the news of it came", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await giveUp(id);
    await hub.test.call("POST", `/api/v1/tasks/${id}/cancel`);
    await hub.test.call("POST", `/api/v1/tasks/${id}/retry`);
    await hub.pass(0);
    assert.equal((await hub.read(id)).state, "submitted");
    assert.equal((await hub.leaseOne(agent)).task.id, id);
  });

  it("is left alone when it was redriven and waits for another", async () => {
    const agent = await hub.agent();
    const keys = { concurrency: "k" };
    const id = await hub.task(agent, { keys });
    await giveUp(id);
    await hub.test.call("POST", `/api/v1/tasks/${id}/cancel`);
    const other = await hub.task(agent, { keys });
    await hub.test.call("POST", `/api/v1/tasks/${id}/retry`);
    await hub.pass(0);
    assert.equal((await hub.read(id)).waitingFor, "concurrency");
    const leased = await hub.leaseOne(agent);
    assert.equal(leased.task.id, other);
    await hub.say(leased, "complete");
    assert.equal((await hub.leaseOne(agent)).task.id, id);
  });

  it("is found by the hub itself when its job has outlived any attempt", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await hub.leaseOne(agent);
    await hub.test.hub.services.db.query(
      { text: "UPDATE pgboss.job SET started_on = now() - interval '2 days' WHERE id = $1" },
      [taskUuid(id)],
    );
    hub.test.clock.advanceBy(86_400);
    // As the hub's maintenance does every five seconds.
    await boss.supervise();
    await settleDeadTasks(hub.test.hub.services);
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.reason], ["failed", "dead_lettered"]);
  });

  it("is one of many, which all fail", async () => {
    const agent = await hub.agent();
    const ids = await Promise.all(Array.from({ length: 30 }, () => hub.task(agent)));
    for (const id of ids) await giveUp(id);
    await hub.pass(0);
    for (const id of ids) assert.equal((await hub.read(id)).reason, "dead_lettered");
  });
});
