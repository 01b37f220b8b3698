import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const failure = { error: { code: "no", message: "No" }, retryable: false };

describe("A task that depends on others", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const make = (agent: string, dependsOn: readonly string[], fields: object = {}): Promise<string> =>
    hub.task(agent, { dependsOn, ...fields });
  const post = (id: string, verb: string) => hub.test.call("POST", `/api/v1/tasks/${id}/${verb}`);
  const finish = async (agent: string, verb = "complete", fields: object = {}): Promise<string> => {
    const leased = await hub.leaseOne(agent);
    assert.equal((await hub.say(leased, verb, fields)).status, 200);
    return leased.task.id;
  };
  const ends = (id: string, state: string): Promise<void> =>
    eventually(async () => assert.equal((await hub.read(id)).state, state));

  it("starts when all of them have completed, and gets their results as untrusted data", async () => {
    const [one, two, last] = [await hub.agent(), await hub.agent(), await hub.agent()];
    const [a, b] = [await hub.task(one), await hub.task(two)];
    const c = await make(last, [b, a]);
    const waiting = await hub.read(c);
    assert.deepEqual([waiting.state, waiting.waitingFor, waiting.dependsOn], ["submitted", "dependencies", [b, a]]);
    assert.equal(await hub.job(c), undefined);
    await finish(one, "complete", { result: { answer: 42 } });
    assert.deepEqual(await hub.lease(last), []);
    const worker = hub.lease(last, { waitSeconds: 20 });
    await finish(two);
    const [leased] = await worker;
    assert.equal(leased?.task.id, c);
    assert.deepEqual(leased?.task.dependencies, [
      { id: b, agent: two, state: "completed", trust: "untrusted" },
      { id: a, agent: one, state: "completed", result: { answer: 42 }, trust: "untrusted" },
    ]);
    assert.equal("waitingFor" in (await hub.read(c)), false);
  });

  it("starts at once when they have completed already", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    await finish(agent);
    const b = await make(agent, [a]);
    assert.equal((await hub.leaseOne(agent)).task.id, b);
  });

  it("and whose keys wait for a place asks for it only then", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const b = await make(agent, [a], { keys: { concurrency: "k", order: "o", dedupe: "d" } });
    const c = await hub.task(agent, { keys: { concurrency: "k" } });
    assert.equal(await finish(agent), a);
    assert.equal((await hub.read(b)).waitingFor, "concurrency");
    assert.equal(await finish(agent), c);
    assert.equal(await finish(agent), b);
  });

  it("and has keys, and completed dependencies, waits for nothing", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    await finish(agent);
    const b = await make(agent, [a], { keys: { concurrency: "k", order: "o" } });
    assert.equal(await finish(agent), b);
  });

  it("waits for its time as well", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const at = (seconds: number): string => new Date(hub.test.clock.now() + seconds * 1000).toISOString();
    const [soon, late] = [
      await make(agent, [a], { startAfter: at(10) }),
      await make(agent, [a], { startAfter: at(90) }),
    ];
    await hub.pass(11);
    assert.deepEqual([await finish(agent), await finish(agent)], [a, soon]);
    assert.deepEqual(await hub.lease(agent), []);
    await hub.pass(90);
    assert.equal((await hub.leaseOne(agent)).task.id, late);
  });

  it("fails when one of them fails, and so do those that depend on it", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const b = await make(agent, [a]);
    const c = await make(agent, [b]);
    const d = await make(agent, [c, a]);
    await finish(agent, "fail", failure);
    for (const id of [b, c, d]) await ends(id, "failed");
    const failed = await hub.read(c);
    assert.deepEqual([failed.reason, failed.error.code], ["dependency_failed", "dependency_failed"]);
    assert.match(failed.error.message, new RegExp(b));
    assert.deepEqual(await hub.said(d), ["task.failed"]);
    assert.deepEqual(await hub.lease(agent), []);
  });

  it("fails when one of them is canceled, or had failed before it was made", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const b = await make(agent, [a]);
    await post(a, "cancel");
    await ends(b, "failed");
    await ends(await make(agent, [a]), "failed");
  });

  it("goes on when one of them fails and is tried again", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const b = await make(agent, [a]);
    await finish(agent, "fail", { ...failure, retryable: true, retryAfterSeconds: 0 });
    assert.equal((await hub.read(b)).state, "submitted");
    await hub.pass(1);
    assert.deepEqual([await finish(agent), await finish(agent)], [a, b]);
  });

  it("can be retried once what it depends on is, and waits for that", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const b = await make(agent, [a]);
    await finish(agent, "fail", failure);
    await ends(b, "failed");
    const refused = await post(b, "retry");
    assert.deepEqual([refused.status, refused.body.code], [409, "dependency_failed"]);
    assert.equal((await hub.read(b)).state, "failed");
    await post(a, "retry");
    const retried = await post(b, "retry");
    assert.deepEqual([retried.status, retried.body.waitingFor], [202, "dependencies"]);
    assert.deepEqual([await finish(agent), await finish(agent)], [a, b]);
  });

  it("may be canceled while it waits", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const b = await make(agent, [a]);
    assert.equal((await post(b, "cancel")).status, 200);
    assert.equal(await finish(agent), a);
    assert.deepEqual(await hub.lease(agent), []);
    const { db } = hub.test.hub.services;
    assert.deepEqual(await db.query({ text: "SELECT * FROM task_dependencies" }, []), []);
  });

  it("is failed although nobody heard of the failure, by any process that does background work", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const b = await make(agent, [a]);
    const { db } = hub.test.hub.services;
    // As if the process that was to act on it had died.
    await db.query({ text: "UPDATE task_dependencies SET failed = true" }, []);
    await hub.pass(0);
    assert.equal((await hub.read(b)).reason, "dependency_failed");
    assert.equal((await hub.read(a)).state, "submitted");
  });

  it("names tasks of its own project, each once", async () => {
    const agent = await hub.agent();
    const a = await hub.task(agent);
    const stranger = await hub.test.inAnotherProject();
    await stranger("POST", "/api/v1/agents", { name: "theirs", runner: { type: "pull" } });
    const theirs = (await stranger("POST", "/api/v1/tasks", { agent: "theirs", input: "x" })).body.id;
    const unknown = "tsk_01h2xcejqtf2nbrexx3vqjhp41";
    for (const [dependsOn, path] of [
      [[a, theirs], "dependsOn.1"],
      [[unknown], "dependsOn.0"],
      [[a, a], "dependsOn"],
      [["nonsense"], "dependsOn.0"],
      [[], "dependsOn"],
    ] as const) {
      const { status, body } = await hub.test.call("POST", "/api/v1/tasks", { agent, input: "x", dependsOn });
      assert.deepEqual([status, body.errors?.[0]?.path], [422, path], JSON.stringify(dependsOn));
    }
  });
});
