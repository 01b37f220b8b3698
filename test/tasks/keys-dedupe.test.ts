import assert from "node:assert/strict";
import { forgetKeptKeys } from "../../src/tasks/forget-kept-keys.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("A dedupe key makes no second task", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const ask = (agent: string, keys: object, fields: object = {}) =>
    hub.test.call("POST", "/api/v1/tasks", { agent, input: "Do it", keys, ...fields });
  const complete = async (agent: string): Promise<void> => {
    assert.equal((await hub.say(await hub.leaseOne(agent), "complete")).status, 200);
  };

  it("while a task with it is open", async () => {
    const agent = await hub.agent();
    const first = await ask(agent, { dedupe: "pr-1" });
    assert.deepEqual([first.status, first.body.keys], [202, { dedupe: { key: "pr-1" } }]);
    const second = await ask(agent, { dedupe: { key: "pr-1" } });
    assert.deepEqual([second.status, second.body.id], [200, first.body.id]);
    assert.equal((await ask(agent, { dedupe: "pr-2" })).status, 202);
    assert.equal((await hub.lease(agent, { max: 5 })).length, 2);
    assert.equal((await ask(agent, { dedupe: "pr-1" })).status, 200, "under way it is open, too");
  });

  it("and its next one is made once that has ended, however", async () => {
    const agent = await hub.agent();
    for (const end of ["complete", "fail", "cancel"]) {
      const { body } = await ask(agent, { dedupe: "k" });
      if (end === "complete") await complete(agent);
      if (end === "cancel") assert.equal((await hub.test.call("POST", `/api/v1/tasks/${body.id}/cancel`)).status, 200);
      if (end === "fail") {
        const failure = { error: { code: "no", message: "No" }, retryable: false };
        assert.equal((await hub.say(await hub.leaseOne(agent), "fail", failure)).status, 200);
      }
    }
    assert.equal((await ask(agent, { dedupe: "k" })).status, 202);
  });

  it("within a window after its making, whether it is open or not, and not after", async () => {
    const agent = await hub.agent();
    const dedupe = { key: "k", windowSeconds: 60 };
    const { body: first } = await ask(agent, { dedupe });
    await complete(agent);
    await hub.pass(59);
    const repeated = await ask(agent, { dedupe });
    assert.deepEqual([repeated.status, repeated.body.id], [200, first.id]);
    await hub.pass(2);
    const { body: second, status } = await ask(agent, { dedupe });
    assert.equal(status, 202);
    await hub.pass(120);
    assert.equal((await ask(agent, { dedupe })).body.id, second.id, "still open, though the window is over");
  });

  it("of another agent", async () => {
    const [one, other] = [await hub.agent(), await hub.agent()];
    assert.equal((await ask(one, { dedupe: "k" })).status, 202);
    assert.equal((await ask(other, { dedupe: "k" })).status, 202);
  });

  it("however many ask at once", async () => {
    const agent = await hub.agent();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(agent, { dedupe: "k" })));
    assert.equal(answers.filter(({ status }) => status === 202).length, 1);
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
  });

  it("and one that is retried takes it again, unless another has it by then", async () => {
    const agent = await hub.agent();
    const { body: first } = await ask(agent, { dedupe: "k" });
    await hub.test.call("POST", `/api/v1/tasks/${first.id}/cancel`);
    const { body: second } = await ask(agent, { dedupe: "k" });
    const refused = await hub.test.call("POST", `/api/v1/tasks/${first.id}/retry`);
    assert.deepEqual([refused.status, refused.body.code], [409, "duplicate_key"]);
    assert.equal((await hub.read(first.id)).state, "canceled");
    await complete(agent);
    assert.equal((await hub.test.call("POST", `/api/v1/tasks/${first.id}/retry`)).status, 202);
    const repeated = await ask(agent, { dedupe: "k" });
    assert.deepEqual([repeated.status, repeated.body.id], [200, first.id]);
    assert.notEqual(repeated.body.id, second.id);
  });

  it("and costs a task without keys nothing", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const text = "SELECT count(*)::int AS keys FROM task_keys k JOIN tasks t ON t.id = k.task_id WHERE t.keys IS NULL";
    assert.deepEqual(await hub.test.hub.services.db.query({ text }, []), [{ keys: 0 }]);
    const task = await hub.read(id);
    for (const field of ["keys", "sessionId", "dependsOn", "origin", "waitingFor", "isBlocking", "coalesced"])
      assert.ok(!(field in task), field);
  });

  it("and is forgotten some time after its window", async () => {
    const { db } = hub.test.hub.services;
    const agent = await hub.agent();
    await ask(agent, { dedupe: { key: "short", windowSeconds: 5 } });
    await complete(agent);
    const count = async (): Promise<number> =>
      (
        await db.query({ text: "SELECT 1 FROM task_keys WHERE standing = 'kept' AND expires_at <= $1" }, [
          new Date(hub.test.clock.now()),
        ])
      ).length;
    hub.test.clock.advanceBy(10);
    assert.ok((await count()) > 0);
    await forgetKeptKeys(hub.test.hub.services);
    assert.equal(await count(), 0);
  });

  for (const [name, keys, path] of [
    ["an empty key", { dedupe: "" }, "keys.dedupe"],
    ["a NUL", { order: "a\u0000b" }, "keys.order"],
    ["an unknown field", { dedupe: { key: "k", window: 5 } }, "keys.dedupe.window"],
    ["an unknown policy", { concurrency: { key: "k", policy: "wait" } }, "keys.concurrency.policy"],
    ["no room at all", { concurrency: { key: "k", limit: 0 } }, "keys.concurrency.limit"],
    ["order and cancel", { order: "k", concurrency: { key: "l", policy: "cancel" } }, "keys.concurrency.policy"],
    ["order and many at once", { order: "k", concurrency: { key: "k", limit: 2 } }, "keys.concurrency.limit"],
  ] as const)
    it(`is refused with ${name}`, async () => {
      const { status, body } = await ask(await hub.agent(), keys);
      assert.equal(status, 422);
      assert.deepEqual(
        body.errors.map((error: { path: string }) => error.path),
        [path],
      );
    });
});
