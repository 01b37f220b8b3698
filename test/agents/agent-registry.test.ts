import assert from "node:assert/strict";
import { startReceiver } from "../support/receiver.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const failure = { error: { code: "broken", message: "It broke" }, retryable: false };

describe("the registry of agents", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, maxAttempts: 2, retryBaseSeconds: 600 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const get = async (path: string) => (await hub.test.call("GET", `/api/v1/agents/${path}`)).body;
  const post = (path: string, body?: object) => hub.test.call("POST", `/api/v1/agents/${path}`, body);

  it("derives an agent's status and last run from its tasks", async () => {
    const agent = await hub.agent();
    const { status, lastRun, waiting } = await get(`${agent}/status`);
    assert.deepEqual([status, lastRun, waiting], ["idle", undefined, 0]);
    for (let task = 0; task < 3; task += 1) await hub.task(agent);
    const first = await hub.leaseOne(agent);
    const running = await get(`${agent}/status`);
    assert.deepEqual(
      [running.status, running.lastTaskId, running.waiting, running.working],
      ["running", first.task.id, 2, 1],
    );
    assert.ok(Math.abs(Date.parse(running.lastRun) - hub.test.clock.now()) < 5_000);
    await hub.say(first, "complete", { result: 1 });
    assert.equal((await get(agent)).status, "idle");
    const second = await hub.leaseOne(agent);
    await hub.say(second, "fail", failure);
    assert.equal((await get(agent)).status, "error");
    const { settledAt } = await hub.read(second.task.id);
    assert.equal((await get(agent)).lastRun, settledAt);
    const listed = (await hub.test.call("GET", "/api/v1/agents")).body.data;
    assert.equal(listed.find(({ name }: { name: string }) => name === agent).status, "error");
    await hub.say(await hub.leaseOne(agent), "complete", { result: { ok: true } });
    assert.equal((await get(agent)).status, "idle");
  });

  it("lists the results of an agent, newest first, page by page and by state", async () => {
    const agent = await hub.agent();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.unshift(await hub.task(agent));
      const leased = await hub.leaseOne(agent);
      await hub.say(leased, index === 2 ? "fail" : "complete", index === 2 ? failure : { result: { index } });
    }
    await hub.task(agent);
    const all = await get(`${agent}/results`);
    assert.deepEqual(
      all.data.map(({ taskId }: { taskId: string }) => taskId),
      ids,
    );
    assert.deepEqual([all.data[0].result, all.data[2].error], [{ index: 4 }, failure.error]);
    const first = await get(`${agent}/results?limit=3`);
    const second = await get(`${agent}/results?limit=3&cursor=${first.nextCursor}`);
    assert.deepEqual([...first.data, ...second.data], all.data);
    assert.equal((await get(`${agent}/results?state=failed`)).data.length, 1);
    assert.equal((await hub.test.call("GET", "/api/v1/agents/nobody/results")).status, 404);
  });

  it("queues the tasks of a paused agent, leases none, and goes on when it is resumed", async () => {
    await using receiver = await startReceiver();
    await hub.test.call("POST", "/api/v1/endpoints", { url: receiver.url, eventTypes: ["agent.paused"] });
    const agent = await hub.agent();
    await hub.task(agent);
    const held = await hub.leaseOne(agent);
    const paused = await post(`${agent}/pause`, { reason: "maintenance" });
    assert.deepEqual([paused.status, paused.body.paused.reason], [200, "maintenance"]);
    assert.deepEqual((await post(`${agent}/pause`)).body, paused.body);
    const task = await hub.task(agent);
    assert.deepEqual(await hub.lease(agent), []);
    assert.equal((await hub.say(held, "complete", { result: 1 })).status, 200);
    const waiting = hub.lease(agent, { waitSeconds: 10 });
    await hub.lease(agent);
    const resumed = await post(`${agent}/resume`);
    assert.equal(resumed.body.paused, undefined);
    assert.equal((await waiting)[0]?.task.id, task);
    const [message] = await receiver.until(1);
    const { type, data } = JSON.parse(message?.body ?? "");
    assert.deepEqual([type, data.agent.name, data.agent.reason], ["agent.paused", agent, "maintenance"]);
    const actions = (await hub.test.call("GET", "/api/v1/audit")).body.data.map(
      ({ action }: { action: string }) => action,
    );
    assert.deepEqual(
      actions.filter((action: string) => /pause|resume/.test(action)),
      ["agent.resume", "agent.pause"],
    );
  });

  it("lets an operator pause, not a viewer, and nobody another project's agent", async () => {
    const agent = await hub.agent();
    const path = `/api/v1/agents/${agent}/pause`;
    const as = async (role: string) => hub.test.as(await hub.test.keyFor(role));
    assert.equal((await (await as("viewer"))("POST", path)).status, 403);
    assert.equal((await (await as("operator"))("POST", path)).status, 200);
    assert.equal((await (await hub.test.inAnotherProject())("POST", path)).status, 404);
  });

  const breaking = async (cooldownSeconds?: number): Promise<string> => {
    const breaker = { failures: 3, perSeconds: 60, ...(cooldownSeconds === undefined ? {} : { cooldownSeconds }) };
    const name = `breaking-${Math.random()}`;
    await hub.test.call("POST", "/api/v1/agents", { name, runner: { type: "pull" }, limits: { breaker } });
    return name;
  };
  const run = async (agent: string, verb: "complete" | "fail"): Promise<void> => {
    await hub.task(agent);
    await hub.say(await hub.leaseOne(agent), verb, verb === "fail" ? failure : {});
  };
  const isPaused = async (agent: string): Promise<boolean> => {
    await hub.pass(0);
    return (await get(agent)).paused !== undefined;
  };

  it("pauses an agent whose attempts fail in a row, and says so", async () => {
    const agent = await breaking();
    for (const verb of ["fail", "fail", "complete", "fail", "fail"] as const) await run(agent, verb);
    assert.equal(await isPaused(agent), false);
    await hub.task(agent);
    await hub.say(await hub.leaseOne(agent), "fail", { ...failure, retryable: true });
    assert.equal(await isPaused(agent), true);
    assert.equal((await get(agent)).paused.reason, "breaker");
    await hub.task(agent);
    assert.deepEqual(await hub.lease(agent), []);
    await post(`${agent}/resume`);
    assert.equal((await hub.lease(agent)).length, 1);
  });

  it("does not count failures that are too far apart", async () => {
    const agent = await breaking();
    for (let count = 0; count < 4; count += 1) {
      await run(agent, "fail");
      await hub.pass(31);
    }
    assert.equal(await isPaused(agent), false);
  });

  it("tries one task after the cooldown: a failure pauses again, a success resumes", async () => {
    const agent = await breaking(100);
    for (let count = 0; count < 3; count += 1) await run(agent, "fail");
    assert.equal(await isPaused(agent), true);
    for (let count = 0; count < 3; count += 1) await hub.task(agent);
    assert.deepEqual(await hub.lease(agent), []);
    await hub.pass(101);
    const trial = await hub.leaseOne(agent);
    assert.deepEqual(await hub.lease(agent, { max: 5 }), [], "one at a time");
    await hub.say(trial, "fail", failure);
    assert.equal(await isPaused(agent), true);
    assert.deepEqual(await hub.lease(agent), []);
    await hub.pass(101);
    await hub.say(await hub.leaseOne(agent), "complete");
    assert.equal(await isPaused(agent), false);
    assert.equal((await hub.lease(agent, { max: 5 })).length, 1);
  });

  it("knows which workers there are, and how much each works on", async () => {
    const agent = await hub.agent();
    for (let task = 0; task < 3; task += 1) await hub.task(agent);
    await hub.lease(agent, { workerId: "busy", max: 2 });
    await hub.lease(agent, { workerId: "less busy" });
    await hub.pass(0);
    const workers = (await hub.test.call("GET", "/api/v1/workers")).body.data;
    const seen = workers.filter(({ workerId }: { workerId: string }) => workerId.endsWith("busy"));
    assert.deepEqual(
      seen.map(({ workerId, agents, tasks }: Record<string, unknown>) => [workerId, agents, tasks]),
      [
        ["less busy", [agent], 1],
        ["busy", [agent], 2],
      ],
    );
    const stranger = await hub.test.inAnotherProject();
    assert.deepEqual((await stranger("GET", "/api/v1/workers")).body, { data: [] });
  });

  it("imports a file over HTTP, and names the line of one that is broken", async () => {
    const send = (text: string, type = "text/markdown") =>
      hub.test.call("POST", "/api/v1/agents/import", Buffer.from(text), { "content-type": type });
    const text = "---\nname: Imported One\ntools: Read, Write\n---\nDo it.";
    const answers = [await send(text), await send(text), await send(`${text} Now.`)];
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.name, body.outcome, body.version]),
      [
        [201, "Imported One", "created", 1],
        [200, "Imported One", "unchanged", 1],
        [200, "Imported One", "updated", 2],
      ],
    );
    assert.equal((await get("Imported%20One")).instructions, "Do it. Now.");
    assert.equal((await get("Imported%20One/versions")).data.length, 2);
    const broken = await send("---\nname: x\ntools: [Read\n---\n");
    assert.deepEqual(
      [broken.status, broken.body.code, broken.body.errors[0].path],
      [422, "invalid_agent_file", "tools"],
    );
    assert.match(broken.body.detail, /line 3: /);
    assert.equal((await send(text, "application/json")).status, 415);
    assert.equal((await send("x".repeat(1_100_000))).status, 413);
    assert.equal((await send("")).status, 422);
  });
});
