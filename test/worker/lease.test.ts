import assert from "node:assert/strict";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const path = "/api/v1/worker/lease";

describe("POST /api/v1/worker/lease", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, timeoutSeconds: 600 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const secondsUntil = (time: string): number => Math.round((Date.parse(time) - hub.test.clock.now()) / 1000);

  it("answers with the task, apart from the event, and with how long it is the worker's", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent, { input: "Do this", parameters: { depth: 2 }, priority: 3 });
    const leased = await hub.leaseOne(agent);
    const { leaseToken, leaseExpiresAt, deadlineAt, task: leasedTask, ...rest } = leased;
    const { originMarker, ...described } = leasedTask;
    assert.ok(originMarker.startsWith(`hookyard-origin:v1.${id}.0.`));
    assert.deepEqual(
      { ...rest, task: described },
      {
        task: {
          id,
          agent,
          state: "working",
          priority: 3,
          instructions: "Do this",
          input: "Do this",
          parameters: { depth: 2 },
          data: { trust: "untrusted" },
        },
        attempt: 1,
        heartbeatAfterSeconds: 20,
      },
    );
    assert.match(leaseToken, /^lease_[\w-]{43}$/);
    assert.equal(secondsUntil(leaseExpiresAt), 60);
    assert.equal(secondsUntil(deadlineAt), 600);
    const task = await hub.read(id);
    assert.deepEqual(
      [task.state, task.workerId, task.leaseExpiresAt, task.deadlineAt],
      ["working", "a worker", leaseExpiresAt, deadlineAt],
    );
    assert.equal(JSON.stringify(await hub.stored(id)).includes(leaseToken), false);
  });

  it("takes the agent's limits, and the worker's own lease, but never past the deadline", async () => {
    const agent = await hub.agent({ leaseSeconds: 30, timeoutSeconds: 90 });
    await hub.task(agent);
    await hub.task(agent);
    await hub.task(agent);
    const expiries: number[][] = [];
    for (const options of [{}, { leaseSeconds: 7 }, { leaseSeconds: 3600 }]) {
      const { leaseExpiresAt, deadlineAt, heartbeatAfterSeconds } = await hub.leaseOne(agent, options);
      expiries.push([secondsUntil(leaseExpiresAt), secondsUntil(deadlineAt), heartbeatAfterSeconds]);
    }
    assert.deepEqual(expiries, [
      [30, 90, 10],
      [7, 90, 7 / 3],
      [90, 90, 30],
    ]);
  });

  it("answers 204 without a body when there is nothing", async () => {
    const { status, body } = await hub.test.call("POST", path, { workerId: "w", agents: [await hub.agent()] });
    assert.deepEqual([status, body], [204, ""]);
  });

  it("keeps each worker to the agents of its key", async () => {
    const [mine, other] = [await hub.agent(), await hub.agent()];
    const worker = hub.test.as(await hub.test.keyFor("worker", [mine]));
    const status = async (agents: readonly string[]): Promise<number> =>
      (await worker("POST", path, { workerId: "w", agents })).status;
    assert.equal(await status([mine]), 204);
    assert.equal(await status([other]), 403);
    assert.equal(await status([mine, other]), 403);
    // It does not hear which agents there are.
    assert.equal(await status(["no-such-agent"]), 403);
  });

  it("answers 422 naming an agent that the project does not have", async () => {
    const agent = await hub.agent();
    const another = await hub.test.inAnotherProject();
    await another("POST", "/api/v1/agents", { name: "theirs", runner: { type: "pull" } });
    for (const unknown of ["no-such-agent", "theirs"]) {
      const answer = await hub.test.call("POST", path, { workerId: "w", agents: [agent, unknown] });
      assert.deepEqual([answer.status, answer.body.errors[0].path], [422, "agents.1"]);
    }
  });

  it("is for owners, admins and workers", async () => {
    const agent = await hub.agent();
    const statuses: Record<string, number> = {};
    for (const role of ["owner", "admin", "operator", "developer", "viewer", "worker"]) {
      const client = hub.test.as(await hub.test.keyFor(role, role === "worker" ? [agent] : undefined));
      statuses[role] = (await client("POST", path, { workerId: "w", agents: [agent] })).status;
    }
    const expected = { owner: 204, admin: 204, operator: 403, developer: 403, viewer: 403, worker: 204 };
    assert.deepEqual(statuses, expected);
    const anonymous = hub.test.as(undefined);
    assert.equal((await anonymous("POST", path, { workerId: "w", agents: [agent] })).status, 401);
  });

  it("leaves a worker nothing but the worker calls", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const worker = hub.test.as(await hub.test.keyFor("worker", [agent]));
    const calls = [
      ["GET", "/api/v1/tasks"],
      ["GET", `/api/v1/tasks/${id}`],
      ["POST", `/api/v1/tasks/${id}/cancel`],
      ["POST", `/api/v1/tasks/${id}/retry`],
      ["GET", "/api/v1/agents"],
      ["GET", "/api/v1/events"],
      ["GET", "/api/v1/keys"],
      ["GET", "/api/v1/messages"],
    ] as const;
    for (const [method, call] of calls) assert.equal((await worker(method, call)).status, 403, `${method} ${call}`);
    const task = { agent, input: "mine" };
    assert.equal((await worker("POST", "/api/v1/tasks", task)).status, 403);
  });

  it("refuses what it cannot mean, naming the field", async () => {
    const agent = await hub.agent();
    const good = { workerId: "w", agents: [agent] };
    const bad: Record<string, object> = {
      workerId: { ...good, workerId: "" },
      "agents.0": { ...good, agents: ["\u0000"] },
      agents: { ...good, agents: [] },
      max: { ...good, max: 0 },
      waitSeconds: { ...good, waitSeconds: 61 },
      leaseSeconds: { ...good, leaseSeconds: 0 },
      surprise: { ...good, surprise: 1 },
    };
    for (const [field, body] of Object.entries(bad)) {
      const answer = await hub.test.call("POST", path, body);
      assert.deepEqual([answer.status, answer.body.errors[0].path], [422, field]);
    }
    assert.equal((await hub.test.call("POST", path, { ...good, max: 101 })).status, 422);
    assert.equal((await hub.test.call("POST", path, { ...good, agents: Array(101).fill(agent) })).status, 422);
  });
});
