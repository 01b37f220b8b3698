import assert from "node:assert/strict";
import pg from "pg";
import { startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

describe("Leasing does not wait for a task that is being changed", () => {
  let hub: WorkingHub;
  let client: pg.Client;
  before(async () => {
    hub = await startWorkingHub();
    client = new pg.Client({ connectionString: hub.test.database.connectionString, statement_timeout: 2_000 });
    await client.connect();
  });
  after(async () => {
    await client.end();
    await hub[Symbol.asyncDispose]();
  });

  const whileLocked = async (id: string, work: () => Promise<void>): Promise<void> => {
    await client.query("BEGIN");
    await client.query("SELECT id FROM tasks WHERE id = $1 FOR UPDATE", [taskUuid(id)]);
    try {
      await work();
    } finally {
      await client.query("ROLLBACK");
    }
  };

  it("so that a cancellation, which has the task and wants its job, is not in its way for ever", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const next = await hub.task(agent);
    await whileLocked(id, async () => {
      assert.deepEqual(await hub.lease(agent), []);
      assert.equal(await hub.job(id), "created");
      assert.equal((await hub.lease(agent, { max: 2 }))[0]?.task.id, next);
      const deleted = await client.query("DELETE FROM pgboss.job WHERE id = $1", [taskUuid(id)]);
      assert.equal(deleted.rowCount, 1);
    });
    const leased = await hub.leaseOne(agent);
    assert.deepEqual([leased.task.id, leased.attempt], [id, 1]);
  });

  it("but has it as soon as that is over", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    let lease: Promise<unknown[]> = Promise.resolve([]);
    await whileLocked(id, async () => {
      lease = hub.lease(agent, { waitSeconds: 10 });
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    const startedAt = performance.now();
    assert.equal((await lease).length, 1);
    assert.ok(performance.now() - startedAt < 1_000);
  });

  it("and drops a job whose task needs it no more", async () => {
    const agent = await hub.agent();
    const [settled, open] = [await hub.task(agent), await hub.task(agent)];
    // As if the task had been settled by hand: no verb leaves a job behind.
    await client.query("UPDATE tasks SET state = 'canceled' WHERE id = $1", [taskUuid(settled)]);
    const leased = await hub.lease(agent, { max: 2 });
    assert.deepEqual(
      leased.map(({ task }) => task.id),
      [open],
    );
    assert.equal(await hub.job(settled), undefined);
  });

  it("and neither they nor anything else fails when all of it happens at once", async () => {
    const [one, two] = [await hub.agent({ concurrency: 12 }), await hub.agent()];
    const ids: string[] = [];
    for (let count = 0; count < 40; count += 1) ids.push(await hub.task(count % 2 === 0 ? one : two));
    const stale = "lease_stale";
    const leases = Array.from({ length: 16 }, (_, index) =>
      hub.test.call("POST", "/api/v1/worker/lease", {
        workerId: "w",
        agents: index % 2 === 0 ? [one, two] : [two, one],
        max: 5,
      }),
    );
    const cancels = ids.map((id) => hub.test.call("POST", `/api/v1/tasks/${id}/cancel`));
    const strays = ids.flatMap((id) =>
      ["complete", "heartbeat", "release"].map((verb) =>
        hub.test.call("POST", `/api/v1/worker/tasks/${id}/${verb}`, { leaseToken: stale }),
      ),
    );
    const statuses = new Set((await Promise.all([...leases, ...cancels, ...strays])).map(({ status }) => status));
    assert.deepEqual(
      [...statuses].filter((status) => ![200, 204, 409].includes(status)),
      [],
    );
    for (const id of ids) {
      assert.equal((await hub.read(id)).state, "canceled");
      assert.equal(await hub.job(id), undefined);
      assert.deepEqual(await hub.said(id), ["task.canceled"]);
    }
  });
});
