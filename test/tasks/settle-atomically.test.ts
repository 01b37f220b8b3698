import assert from "node:assert/strict";
import { startReceiver } from "../support/receiver.ts";
import { startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

const failure = { error: { code: "broken", message: "It broke" }, retryable: false };

describe("A task's end, what is said of it, and who is told commit together", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, maxAttempts: 1 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const run = (text: string): Promise<object[]> => hub.test.hub.services.db.query({ text }, []);
  const refuseInserts = async (table: string, work: () => Promise<void>): Promise<void> => {
    await run(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$`);
    await run(`CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse()`);
    try {
      await work();
    } finally {
      await run(`DROP TRIGGER refuse ON ${table}`);
      await run("DROP FUNCTION refuse()");
    }
  };
  const deliveriesOf = async (id: string): Promise<number> => {
    const text = "SELECT d.id FROM deliveries d JOIN messages m ON m.id = d.message_id WHERE m.task_id = $1";
    return (await hub.test.hub.services.db.query({ text }, [taskUuid(id)])).length;
  };

  for (const table of ["messages", "deliveries"])
    it(`and nothing does when ${table} cannot be written`, async () => {
      await using receiver = await startReceiver();
      const { id: endpointId } = (await hub.test.call("POST", "/api/v1/endpoints", { url: receiver.url })).body;
      const agent = await hub.agent();
      const id = await hub.task(agent);
      const leased = await hub.leaseOne(agent);
      await hub.test.hub.processAll();
      const [before, told] = [await hub.stored(id), await deliveriesOf(id)];
      await refuseInserts(table, async () => {
        assert.equal((await hub.say(leased, "complete", { result: 1 })).status, 500);
        assert.equal((await hub.say(leased, "fail", failure)).status, 500);
        assert.equal((await hub.test.call("POST", `/api/v1/tasks/${id}/cancel`)).status, 500);
        assert.equal((await hub.say(leased, "release")).status, 500);
        assert.deepEqual(await hub.stored(id), before);
      });
      assert.equal(await deliveriesOf(id), told);

      assert.equal((await hub.say(leased, "complete", { result: 1 })).status, 200);
      assert.deepEqual(await hub.said(id), ["task.submitted", "task.working", "task.completed"]);
      const requests = await receiver.until(3);
      assert.deepEqual(requests.map(({ body }): string => JSON.parse(body).type).toSorted(), [
        "task.completed",
        "task.submitted",
        "task.working",
      ]);
      await hub.test.call("DELETE", `/api/v1/endpoints/${endpointId}`);
    });

  it("and the sweep takes nothing back that it cannot announce", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await hub.leaseOne(agent);
    const before = await hub.stored(id);
    hub.test.clock.advanceBy(61);
    await refuseInserts("messages", async () => {
      await assert.rejects(hub.test.hub.processAll(), /refused/);
      assert.deepEqual(await hub.stored(id), before);
    });
    await hub.test.hub.processAll();
    assert.deepEqual([(await hub.read(id)).state, await hub.said(id)], ["failed", ["task.failed"]]);
  });

  it("and so do a new task and its job", async () => {
    const agent = await hub.agent();
    const count = async (): Promise<number> => (await run("SELECT id FROM tasks")).length;
    const before = await count();
    await refuseInserts("pgboss.job_common", async () => {
      assert.equal((await hub.test.call("POST", "/api/v1/tasks", { agent, input: "Do it" })).status, 500);
    });
    assert.equal(await count(), before);
    assert.deepEqual(await hub.lease(agent), []);
  });
});
