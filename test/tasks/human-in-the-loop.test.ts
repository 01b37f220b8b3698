import assert from "node:assert/strict";
import { startReceiver, type Receiver } from "../support/receiver.ts";
import { startTestHub, type TestAnswer, type TestClient, type TestHub } from "../support/test-hub.ts";

interface Leased {
  readonly id: string;
  readonly path: string;
  readonly leaseToken: string;
  readonly task: TestAnswer["body"];
}

describe("People in the loop", () => {
  let test: TestHub;
  let receiver: Receiver;
  let work: TestClient;
  before(async () => {
    test = await startTestHub();
    receiver = await startReceiver(() => ({ status: 200, body: "ok" }));
    const limits = { concurrency: 1, maxAttempts: 1 };
    await test.call("POST", "/api/v1/agents", { name: "clerk", runner: { type: "pull" }, limits });
    await test.call("POST", "/api/v1/endpoints", { url: receiver.url, eventTypes: ["task.*"] });
    work = test.as(await test.keyFor("worker", ["clerk"]));
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const create = async (changes: object = {}): Promise<string> => {
    const { status, body } = await test.call("POST", "/api/v1/tasks", { agent: "clerk", input: "Refund", ...changes });
    assert.equal(status, 202, JSON.stringify(body));
    return body.id;
  };
  async function lease(): Promise<Leased> {
    const leased = await work("POST", "/api/v1/worker/lease", { workerId: "w", agents: ["clerk"], waitSeconds: 5 });
    assert.equal(leased.status, 200);
    const [{ task, leaseToken }] = leased.body.tasks;
    return { id: task.id, path: `/api/v1/worker/tasks/${task.id}`, leaseToken, task };
  }
  const ask = ({ path, leaseToken }: Leased, question: object = {}): Promise<TestAnswer> =>
    work("POST", `${path}/input-required`, { leaseToken, prompt: "How much?", ...question });
  const complete = ({ path, leaseToken }: Leased, result: unknown = "done"): Promise<TestAnswer> =>
    work("POST", `${path}/complete`, { leaseToken, result });
  const say = (id: string, what: string, body?: object): Promise<TestAnswer> =>
    test.call("POST", `/api/v1/tasks/${id}/${what}`, body);
  const show = async (id: string): Promise<TestAnswer["body"]> => (await test.call("GET", `/api/v1/tasks/${id}`)).body;
  const errors = ({ status, body }: TestAnswer): string =>
    `${status} ${body.code}${(body.errors ?? []).map((error: { path: string }) => ` ${error.path}`).join("")}`;
  const finish = async (id: string): Promise<void> => {
    const leased = await lease();
    assert.equal(leased.id, id);
    assert.equal((await complete(leased)).status, 200);
  };

  it("are asked, and the task goes on with what they say", async () => {
    const id = await create({ keys: { session: "customer 7" } });
    const first = await lease();
    const schema = {
      type: "object",
      properties: { amount: { type: "number" } },
      required: ["amount"],
      additionalProperties: false,
    };
    const asked = await ask(first, { schema });
    assert.deepEqual([asked.status, asked.body.state], [200, "input_required"]);
    assert.equal((await ask(first, { schema })).status, 200, "the same call again");

    const waiting = await show(id);
    assert.deepEqual(
      [waiting.state, waiting.reason, waiting.attempts[0].outcome],
      ["input_required", "input_required", "input_required"],
    );
    assert.deepEqual(
      [waiting.request.kind, waiting.request.prompt, waiting.request.schema],
      ["input", "How much?", schema],
    );
    assert.equal(errors(await complete(first)), "409 lease_lost");

    assert.equal(errors(await say(id, "input", { data: { amount: "7" } })), "422 invalid data.amount");
    assert.equal(errors(await say(id, "input", { data: { amount: 7, colour: 1 } })), "422 invalid data.colour");
    assert.equal(errors(await say(id, "approve")), "409 not_waiting_for_approval");
    const answered = await say(id, "input", { data: { amount: 7 } });
    assert.deepEqual([answered.status, answered.body.state, answered.body.request], [202, "submitted", undefined]);
    assert.equal(errors(await say(id, "input", { data: { amount: 8 } })), "409 not_waiting_for_input");

    // The only attempt that it may be charged is still there: asking was no failure.
    const second = await lease();
    assert.deepEqual([second.id, second.task.sessionId], [id, first.task.sessionId]);
    assert.deepEqual([second.task.answers.length, second.task.answers[0].data], [1, { amount: 7 }]);
    assert.equal((await complete(second)).status, 200);
    const done = await show(id);
    assert.deepEqual([done.state, done.answers[0].prompt, done.attempts.length], ["completed", "How much?", 2]);
    assert.match(done.answers[0].answeredBy, /^key_/);
  });

  it("hear of it, and the slot is free while they think", async () => {
    const waiting = await create();
    await ask(await lease(), { prompt: "Which one?" });
    await finish(await create());
    await test.hub.processAll();
    const messages = receiver.requests
      .map(({ body }) => JSON.parse(body))
      .filter(({ data }) => data.task.id === waiting);
    const asked = messages.find(({ type }) => type === "task.input_required");
    assert.deepEqual(asked.data.task.request, { kind: "input", prompt: "Which one?" });
    await say(waiting, "cancel");
    assert.deepEqual([(await show(waiting)).state, (await show(waiting)).request], ["canceled", undefined]);
  });

  it("are waited for no longer than the worker said", async () => {
    const id = await create();
    await ask(await lease(), { expiresInSeconds: 60 });
    assert.ok((await show(id)).request.expiresAt);
    await test.hub.processAll();
    assert.equal((await show(id)).state, "input_required");
    test.clock.advanceBy(61);
    await test.hub.processAll();
    assert.deepEqual([(await show(id)).state, (await show(id)).reason], ["failed", "input_expired"]);
  });

  it("approve a result before anybody hears of it", async () => {
    const id = await create({ approval: { prompt: "Send it?" } });
    const leased = await lease();
    const held = await complete(leased, { text: "secret until approved" });
    assert.deepEqual([held.status, held.body.state], [200, "input_required"]);
    assert.equal((await complete(leased, { text: "again" })).body.state, "input_required");
    const waiting = await show(id);
    assert.deepEqual(
      [waiting.reason, waiting.request.kind, waiting.request.prompt],
      ["approval_required", "approval", "Send it?"],
    );
    assert.deepEqual(waiting.result, { text: "secret until approved" }, "whoever approves sees what");
    assert.equal(errors(await say(id, "input", { data: 1 })), "409 not_waiting_for_input");
    await finish(await create());
    await test.hub.processAll();
    const heard = (): string[] => receiver.requests.map(({ body }) => body).filter((body) => body.includes(id));
    assert.ok(heard().length > 0 && heard().every((body) => !body.includes("secret until approved")));

    const approved = await say(id, "approve", { comment: "fine" });
    assert.deepEqual(
      [approved.status, approved.body.state, approved.body.result],
      [200, "completed", { text: "secret until approved" }],
    );
    assert.equal(errors(await say(id, "approve")), "409 not_waiting_for_approval");
    await test.hub.processAll();
    assert.equal(heard().filter((body) => body.includes("secret until approved")).length, 1);
  });

  it("reject a result, which then goes nowhere", async () => {
    const id = await create({ approval: {} });
    await complete(await lease(), "not this one");
    const rejected = (await say(id, "reject", { reason: "too rude" })).body;
    assert.deepEqual([rejected.state, rejected.reason, rejected.result], ["rejected", "approval_denied", undefined]);
    assert.deepEqual(rejected.error, { code: "approval_denied", message: "too rude" });
    await test.hub.processAll();
    assert.ok(receiver.requests.every(({ body }) => !body.includes("not this one")));
  });

  it("are asked only for artifacts that are named", async () => {
    const approval = { artifacts: ["report*.md", "invoice"] };
    const put = ({ path, leaseToken }: Leased, name: string): Promise<TestAnswer> =>
      work("PUT", `${path}/artifacts/${name}`, Buffer.from("x"), {
        "lease-token": leaseToken,
        "content-type": "text/plain",
      });
    const free = await create({ approval });
    const one = await lease();
    await put(one, "notes.md");
    assert.equal((await complete(one)).body.state, "completed");
    assert.equal((await show(free)).state, "completed");
    const gated = await create({ approval });
    const two = await lease();
    await put(two, "report-2026.md");
    assert.equal((await complete(two)).body.state, "input_required");
    assert.equal((await say(gated, "approve")).status, 200);
  });

  it("who say nothing approve or reject, as was said", async () => {
    const ends = await Promise.all(
      (["approve", "reject", undefined] as const).map((onExpiry) =>
        create({ approval: { expiresInSeconds: 30, ...(onExpiry === undefined ? {} : { onExpiry }) } }),
      ),
    );
    for (const _ of ends) await complete(await lease());
    test.clock.advanceBy(31);
    await test.hub.processAll();
    const states = await Promise.all(ends.map(async (id) => (await show(id)).state));
    assert.deepEqual(states, ["completed", "rejected", "rejected"]);
  });

  it("need the permission, and the project", async () => {
    const id = await create({ approval: {} });
    await complete(await lease());
    const stranger = await test.inAnotherProject();
    assert.equal((await stranger("POST", `/api/v1/tasks/${id}/approve`)).status, 404);
    for (const role of ["viewer", "developer"]) {
      const client = test.as(await test.keyFor(role));
      assert.equal((await client("POST", `/api/v1/tasks/${id}/approve`)).status, 403);
      assert.equal((await client("POST", `/api/v1/tasks/${id}/input`, { data: 1 })).status, 403);
    }
    const operator = test.as(await test.keyFor("operator"));
    const racing = await Promise.all([
      operator("POST", `/api/v1/tasks/${id}/approve`),
      operator("POST", `/api/v1/tasks/${id}/reject`),
    ]);
    assert.deepEqual(
      racing.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409],
    );
  });

  it("are not asked with what is no JSON Schema, or with a stale lease", async () => {
    const id = await create();
    const leased = await lease();
    for (const schema of [{ type: "nonsense" }, { $ref: "https://example.com/s.json" }, { pattern: "(" }])
      assert.equal(errors(await ask(leased, { schema })), "422 invalid schema", JSON.stringify(schema));
    assert.equal(errors(await ask(leased, { prompt: "" })), "422 invalid prompt");
    assert.equal(errors(await ask({ ...leased, leaseToken: "lse_stale" })), "409 lease_lost");
    assert.equal((await show(id)).state, "working");
    await complete(leased);
  });
});
