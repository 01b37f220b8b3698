import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { fromWireId } from "../../src/lib/ids.ts";
import { fireSchedules } from "../../src/schedules/fire-schedules.ts";
import { scheduleQueue } from "../../src/schedules/schedule-queue.ts";
import { takeInCharges } from "../../src/budgets/take-in-charges.ts";
import type { Leased } from "../support/working-hub.ts";
import type { TestAnswer } from "../support/test-hub.ts";
import { type Lanes, startLanes } from "../routing/lanes.ts";

describe("A budget", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  after(() => lanes[Symbol.asyncDispose]());
  // So that no hour and no day ends while a test runs.
  beforeEach(() => lanes.test.clock.advanceBy(86_400 - ((lanes.test.clock.now() / 1000) % 86_400) + 60));
  afterEach(async () => {
    await lanes.clear();
    await lanes.test.call("DELETE", "/api/v1/budget");
  });

  const call = (method: string, path: string, body?: unknown): Promise<TestAnswer> =>
    lanes.test.call(method, path, body);
  let agents = 0;
  const newAgent = async (budget?: object): Promise<string> => {
    agents += 1;
    const name = `spender-${agents}`;
    const limits = budget === undefined ? {} : { budget };
    assert.equal((await call("POST", "/api/v1/agents", { name, runner: { type: "pull" }, limits })).status, 201);
    return name;
  };
  const sendAndDecide = async (times = 1): Promise<string[]> => {
    const ids = [];
    for (let sent = 0; sent < times; sent += 1) ids.push(await lanes.send());
    await lanes.decide();
    return await Promise.all(ids.map(async (id) => (await lanes.outcomes(id)).map((each) => each.join(" ")).join()));
  };
  const lease = async (agent: string): Promise<Leased> =>
    (await call("POST", "/api/v1/worker/lease", { workerId: "w", agents: [agent] })).body.tasks[0];
  const say = async (leased: Leased, verb: string, fields: object = {}): Promise<TestAnswer["body"]> => {
    const answer = await call("POST", `/api/v1/worker/tasks/${leased.task.id}/${verb}`, {
      leaseToken: leased.leaseToken,
      ...fields,
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const said = async (): Promise<TestAnswer["body"][]> => {
    const { data } = (await call("GET", "/api/v1/messages?type=budget.exceeded")).body;
    const messages = data.map(
      async ({ id }: { id: string }) => (await call("GET", `/api/v1/messages/${id}`)).body.data.budget,
    );
    return (await Promise.all(messages)).toReversed();
  };
  const used = async (name: string): Promise<TestAnswer["body"]> =>
    (await call("GET", "/api/v1/budgets")).body.data.find((budget: { name: string }) => budget.name === name);

  it("of a route stops its tasks, is announced once an hour, and begins anew", async () => {
    const route = await lanes.route({ limits: { budget: { tasksPerHour: 2 } } });
    assert.deepEqual(await sendAndDecide(4), ["matched", "matched", "held budget_exceeded", "held budget_exceeded"]);
    assert.deepEqual(await sendAndDecide(), ["held budget_exceeded"]);
    const messages = await said();
    assert.deepEqual(
      messages.map(({ scope, id, measure, period, limit, used }) => ({ scope, id, measure, period, limit, used })),
      [{ scope: "route", id: route, measure: "tasks", period: "hour", limit: 2, used: 2 }],
    );
    lanes.test.clock.advanceBy(3_600);
    assert.deepEqual(await sendAndDecide(3), ["matched", "matched", "held budget_exceeded"]);
    assert.equal((await said()).length, 2);
  });

  it("of an agent holds for all its routes, and for tasks made by call", async () => {
    const agent = await newAgent({ tasksPerDay: 2 });
    await lanes.route({ agent });
    const make = (): Promise<TestAnswer> => call("POST", "/api/v1/tasks", { agent, input: "Do it" });
    const before = (await said()).length;
    assert.equal((await make()).status, 202);
    assert.deepEqual(await sendAndDecide(2), ["matched", "held budget_exceeded"]);
    const refused = await make();
    assert.deepEqual([refused.status, refused.body.code], [409, "budget_exceeded"]);
    assert.ok(Number(refused.headers.get("retry-after")) > 0);
    assert.equal((await said()).length, before + 1);
    assert.equal((await used(agent)).used.day.tasks, 2);
  });

  it("is announced when the first that it stops is a call", async () => {
    const agent = await newAgent({ tasksPerHour: 0 });
    const before = (await said()).length;
    for (let times = 0; times < 2; times += 1)
      assert.equal((await call("POST", "/api/v1/tasks", { agent, input: "Do it" })).status, 409);
    assert.equal((await said()).length, before + 1);
  });

  it("of an agent holds for its schedules, which say why", async () => {
    const agent = await newAgent({ tasksPerDay: 1 });
    const schedule = { name: `of ${agent}`, cron: "*/5 * * * *", agent, task: { input: "Report" } };
    const { id } = (await call("POST", "/api/v1/schedules", schedule)).body;
    const run = (): Promise<TestAnswer> => call("POST", `/api/v1/schedules/${id}/run`);
    const first = await run();
    assert.ok(first.status < 300, JSON.stringify(first.body));
    const refused = await run();
    assert.deepEqual([refused.status, refused.body.code], [409, "budget_exceeded"]);
    const { queue, db } = lanes.test.hub.services;
    const uuid = fromWireId("schedule", id) ?? "";
    // Its job is made by the clock of the database, which the test has not put forward.
    await db.query({ text: "UPDATE schedules SET effective_from = $1" }, [new Date(0)]);
    await queue.insert(db, scheduleQueue, [{ id: randomUUID(), data: { scheduleId: uuid } }]);
    await fireSchedules(lanes.test.hub.services);
    const read = (await call("GET", `/api/v1/schedules/${id}`)).body;
    assert.match(read.lastError, /^the budget of the agent has no room/);
    await call("DELETE", `/api/v1/schedules/${id}`);
  });

  it("of a project holds for everything in it", async () => {
    await call("PUT", "/api/v1/budget", { tasksPerDay: 1 });
    const agent = await newAgent();
    await lanes.route({});
    assert.deepEqual(await sendAndDecide(2), ["matched", "held budget_exceeded"]);
    assert.equal((await call("POST", "/api/v1/tasks", { agent, input: "Do it" })).status, 409);
    await call("PUT", "/api/v1/budget", { tasksPerDay: 3 });
    assert.deepEqual(await sendAndDecide(1), ["matched"]);
  });

  it("is charged what workers report, and those under it hear when it is used up", async () => {
    const agent = await newAgent({ tokensPerDay: 1_000 });
    await lanes.route({ agent });
    await sendAndDecide(2);
    const [first, second] = [await lease(agent), await lease(agent)];
    assert.equal(
      (await say(first, "heartbeat", { usage: { inputTokens: 300, outputTokens: 100 } })).signal,
      "continue",
    );
    assert.equal((await used(agent)).used.day.tokens, 400);
    // Totals of the attempt, not what was added.
    assert.equal(
      (await say(first, "heartbeat", { usage: { inputTokens: 700, outputTokens: 100 } })).signal,
      "continue",
    );
    assert.equal((await say(second, "heartbeat", { usage: { tokens: 200 } })).signal, "budget_exceeded");
    assert.equal((await say(first, "heartbeat")).signal, "budget_exceeded");
    assert.deepEqual(await sendAndDecide(), ["held budget_exceeded"]);
    await say(first, "complete", { result: 1, usage: { tokens: 850 } });
    assert.equal((await used(agent)).used.day.tokens, 1_050);
    lanes.test.clock.advanceBy(30);
    assert.equal((await say(second, "heartbeat")).signal, "budget_exceeded");
  });

  it("is announced as used up without a task that it would stop", async () => {
    const agent = await newAgent({ costPerHour: 0.5 });
    const before = (await said()).length;
    await call("POST", "/api/v1/tasks", { agent, input: "Do it" });
    const leased = await lease(agent);
    await say(leased, "heartbeat", { usage: { costUsd: 0.75 } });
    await takeInCharges(lanes.test.hub.services);
    await takeInCharges(lanes.test.hub.services);
    const [message, ...more] = (await said()).slice(before);
    assert.deepEqual([message.measure, message.limit, message.used, more.length], ["cost", 0.5, 0.75, 0]);
    assert.equal(await lanes.count("budget_charges"), 0);
  });

  it("sets aside what tasks cost on average, and puts it right at their end, up and down", async () => {
    const agent = await newAgent({ tokensPerDay: 1_000 });
    const rows = await lanes.count("budget_tasks");
    const make = async (): Promise<number> => (await call("POST", "/api/v1/tasks", { agent, input: "Do it" })).status;
    await make();
    await say(await lease(agent), "complete", { usage: { tokens: 400 } });
    assert.deepEqual([await make(), await make()], [202, 409]);
    assert.deepEqual([(await used(agent)).used.day.tokens, (await used(agent)).reserved.tokens], [400, 400]);
    await say(await lease(agent), "complete", { usage: { tokens: 100 } });
    assert.deepEqual([(await used(agent)).used.day.tokens, (await used(agent)).reserved.tokens], [500, 0]);
    assert.equal(await make(), 202);
    const dear = await lease(agent);
    await say(dear, "heartbeat", { usage: { tokens: 450 } });
    assert.deepEqual([(await used(agent)).used.day.tokens, (await used(agent)).reserved.tokens], [950, 0]);
    // A worker that corrects itself is believed.
    await say(dear, "complete", { usage: { tokens: 300 } });
    assert.equal((await used(agent)).used.day.tokens, 800);
    assert.equal(await lanes.count("budget_tasks"), rows);
  });

  it("that is taken away and set again has nothing set aside for tasks that ended meanwhile", async () => {
    const agent = await newAgent({ tokensPerDay: 1_000 });
    const path = `/api/v1/agents/${agent}`;
    for (let times = 0; times < 2; times += 1) await call("POST", "/api/v1/tasks", { agent, input: "Do it" });
    await say(await lease(agent), "complete", { usage: { tokens: 400 } });
    await call("POST", "/api/v1/tasks", { agent, input: "Do it" });
    assert.equal((await used(agent)).reserved.tokens, 400);
    assert.equal((await call("PATCH", path, { limits: {} })).status, 200);
    for (let times = 0; times < 2; times += 1) await say(await lease(agent), "complete", { usage: { tokens: 50 } });
    await call("PATCH", path, { limits: { budget: { tokensPerDay: 1_000 } } });
    assert.equal((await used(agent)).reserved.tokens, 0);
  });

  it("is charged for every attempt", async () => {
    const agent = await newAgent({ tokensPerDay: 1_000 });
    await call("POST", "/api/v1/tasks", { agent, input: "Do it" });
    const first = await lease(agent);
    await say(first, "heartbeat", { usage: { tokens: 100 } });
    await say(first, "release");
    const second = await lease(agent);
    await say(second, "complete", { usage: { tokens: 50 } });
    assert.equal((await used(agent)).used.day.tokens, 150);
  });

  it("is not charged for what is dropped by a key", async () => {
    await lanes.route({ name: "dropping", keys: { dedupe: "event.type" }, limits: { budget: { tasksPerDay: 5 } } });
    assert.deepEqual(await sendAndDecide(3), ["matched", "deduplicated duplicate_key", "deduplicated duplicate_key"]);
    assert.equal((await used("dropping")).used.day.tasks, 1);
  });
});
