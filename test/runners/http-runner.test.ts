import assert from "node:assert/strict";
import { Webhook } from "svix";
import { type ReceivedRequest, startReceiver } from "../support/receiver.ts";
import { type RunnerHub, startRunnerHub } from "./runner-hub.ts";

const json = { "content-type": "application/json" };
const answerOf = (status: number, body?: unknown, headers: Record<string, string> = json) => ({
  status,
  headers,
  ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
});

describe("the http runner", () => {
  let runner: RunnerHub;
  before(async () => {
    runner = await startRunnerHub(
      {},
      {},
      { tasks: { maxAttempts: 2, retryBaseSeconds: 0.05 }, deliveries: { promoteIntervalSeconds: 0.1 } },
    );
  });
  after(() => runner[Symbol.asyncDispose]());

  const create = (runnerFields: object, fields: object = {}) =>
    runner.hub.test.call("POST", "/api/v1/agents", {
      name: `remote-${Math.random()}`,
      runner: { type: "http", ...runnerFields },
      ...fields,
    });
  const callback = async (request: ReceivedRequest | undefined, body: object) => {
    const { callbackUrl } = JSON.parse(request?.body ?? "");
    return await runner.hub.test.as(undefined)("POST", new URL(callbackUrl).pathname, body);
  };

  it("sends a task signed, and takes the answer for its result", async () => {
    await using receiver = await startReceiver(() =>
      answerOf(200, { result: { ok: true }, usage: { inputTokens: 5 } }),
    );
    const { status, body: agent } = await create(
      { url: receiver.url, body: { extra: 1 } },
      { instructions: "Be brief." },
    );
    assert.equal(status, 201);
    assert.match(agent.secret, /^whsec_/);
    assert.equal(JSON.stringify(agent.runner).includes("secret"), false);
    const task = await runner.run(agent.name, { input: "Do it", parameters: { a: 1 } });
    assert.deepEqual([task.state, task.result, task.usage.inputTokens], ["completed", { ok: true }, 5]);
    const [request] = receiver.requests;
    new Webhook(agent.secret).verify(request?.body ?? "", request?.headers as Record<string, string>);
    assert.equal(request?.headers["webhook-id"], `${task.id}_1`);
    assert.equal(request?.headers["idempotency-key"], task.id);
    const { callbackUrl, deadlineAt, task: told, ...rest } = JSON.parse(request?.body ?? "");
    const { originMarker, ...sent } = told;
    assert.ok(callbackUrl.startsWith(`${runner.hub.test.url}/api/v1/callbacks/${task.id}.`));
    assert.ok(Date.parse(deadlineAt) > Date.now());
    assert.deepEqual(rest, { attempt: 1, extra: 1 });
    assert.match(originMarker, new RegExp(task.id));
    assert.deepEqual(sent, {
      id: task.id,
      agent: agent.name,
      state: "working",
      priority: 0,
      instructions: "Be brief.\n\nDo it",
      input: "Do it",
      parameters: { a: 1 },
      data: { trust: "untrusted" },
    });
  });

  it("stores the artifacts that come with an answer or a callback, and refuses callbacks with bad ones", async () => {
    const artifacts = [
      { name: "plan.md", contentType: "text/markdown", content: "# Plan", title: "The plan", path: "docs/plan.md" },
      { name: "bytes", contentBase64: Buffer.from([0, 255]).toString("base64") },
      { name: "neither" },
    ];
    await using receiver = await startReceiver((_request, index) =>
      index === 0 ? answerOf(200, { result: 1, artifacts }) : answerOf(202),
    );
    const agent = (await create({ url: receiver.url })).body.name;
    const answered = await runner.run(agent);
    const names = (task: { artifacts: { name: string; size: number }[] }) =>
      task.artifacts.map(({ name, size }) => [name, size]);
    assert.deepEqual(names(answered), [
      ["plan.md", 6],
      ["bytes", 2],
    ]);
    const id = await runner.hub.task(agent);
    const [, called] = await receiver.until(2);
    assert.equal((await callback(called, { result: 1, artifacts })).status, 422);
    assert.equal((await callback(called, { result: 1, artifacts: artifacts.slice(0, 2) })).status, 200);
    assert.deepEqual(names(await runner.hub.read(id)), names(answered));
  });

  for (const [what, answer, result] of [
    ["an object without a result", answerOf(200, { done: 1 }), { done: 1 }],
    ["a list", answerOf(200, [1, 2]), [1, 2]],
    ["text", answerOf(200, "just text", {}), "just text"],
    ["bytes that are no UTF-8", answerOf(201, "ok \ud800"), "ok \ufffd"],
    ["a body nested ten thousand deep", answerOf(200, "[".repeat(10_000)), "[".repeat(10_000)],
    ["nothing", answerOf(204), undefined],
  ] as const)
    it(`completes a task with ${what}`, async () => {
      await using receiver = await startReceiver(() => answer);
      const task = await runner.run((await create({ url: receiver.url })).body.name);
      assert.deepEqual([task.state, task.result], ["completed", result]);
    });

  for (const [what, answer, code, attempts] of [
    ["400", answerOf(400, "bad"), "http_400", 1],
    ["404", answerOf(404), "http_404", 1],
    ["a redirect", answerOf(302, "", { location: "http://169.254.169.254/" }), "http_302", 1],
    ["408", answerOf(408), "http_408", 2],
    ["429", answerOf(429, "", { "retry-after": "0" }), "http_429", 2],
    ["500", answerOf(500), "http_500", 2],
    ["an error of its own", answerOf(200, { error: { code: "no_repo", message: "None" } }), "no_repo", 1],
    [
      "an error to be tried again",
      answerOf(200, { error: { code: "busy", message: "Busy" }, retryable: true }),
      "busy",
      2,
    ],
    ["more than a result may be", answerOf(200, "x".repeat(1_100_000)), "answer_too_large", 1],
  ] as const)
    it(`fails a task whose endpoint answers ${what}, after ${attempts} of 2 attempts`, async () => {
      await using receiver = await startReceiver(() => answer);
      const task = await runner.run((await create({ url: receiver.url })).body.name);
      assert.deepEqual([task.state, task.error.code, receiver.requests.length], ["failed", code, attempts]);
      const ids = receiver.requests.map(({ headers }) => headers["webhook-id"]);
      assert.deepEqual(
        ids,
        Array.from({ length: attempts }, (_, index) => `${task.id}_${index + 1}`),
      );
    });

  it("fails a task whose endpoint is not there, or takes too long", async () => {
    const refused = await runner.run((await create({ url: "http://127.0.0.1:1/" })).body.name);
    assert.deepEqual([refused.state, refused.error.code, refused.attemptCount], ["failed", "refused", 2]);
    await using slow = await startReceiver(() => new Promise(() => undefined));
    const late = await runner.run((await create({ url: slow.url, timeoutSeconds: 1 })).body.name);
    assert.deepEqual([late.state, late.error.code], ["failed", "timeout"]);
  });

  it("waits for a callback after 202: once, for this task, with progress before", async () => {
    await using receiver = await startReceiver(() => answerOf(202));
    const agent = (await create({ url: receiver.url })).body.name;
    const id = await runner.hub.task(agent);
    const [request] = await receiver.until(1);
    assert.equal((await callback(request, { progress: { percent: 10 } })).body.state, "working");
    // Beyond any heartbeat: nobody keeps the lease but its deadline.
    await runner.until(id, ({ leaseExpiresAt, deadlineAt }) => leaseExpiresAt === deadlineAt);
    await runner.hub.pass(600);
    const done = await callback(request, { result: { ok: 1 }, usage: { outputTokens: 3 } });
    assert.deepEqual([done.status, done.body], [200, { id, state: "completed" }]);
    const task = await runner.hub.read(id);
    assert.deepEqual([task.result, task.progress, task.usage.outputTokens], [{ ok: 1 }, { percent: 10 }, 3]);
    const again = await callback(request, { result: { ok: 2 } });
    assert.deepEqual([again.status, again.body.code], [409, "callback_used"]);
    assert.deepEqual((await runner.hub.read(id)).result, { ok: 1 });
    assert.deepEqual(await runner.hub.said(id), ["task.completed"]);
  });

  it("takes a failure by callback, and a callback of an attempt that another has followed for none", async () => {
    await using receiver = await startReceiver(() => answerOf(202));
    const agent = (await create({ url: receiver.url })).body.name;
    const id = await runner.hub.task(agent);
    const [first] = await receiver.until(1);
    const error = { code: "busy", message: "Later" };
    assert.equal((await callback(first, { error, retryable: true })).body.state, "submitted");
    const [, second] = await receiver.until(2);
    assert.equal((await callback(first, { result: 1 })).status, 404);
    assert.equal((await callback(second, { error })).body.state, "failed");
    assert.equal((await runner.hub.read(id)).state, "failed");
  });

  it("has a person answer what an endpoint asks, in its answer or by callback, and calls it again", async () => {
    await using receiver = await startReceiver(({ body }, index) => {
      const { task } = JSON.parse(body);
      if (index === 1) return answerOf(202);
      return answerOf(
        200,
        task.answers === undefined ? { inputRequired: { prompt: "Which?" } } : { result: task.answers },
      );
    });
    const agent = (await create({ url: receiver.url })).body.name;
    const id = await runner.hub.task(agent);
    const answer = async (data: unknown) => {
      await runner.until(id, ({ state }) => state === "input_required");
      return await runner.hub.test.call("POST", `/api/v1/tasks/${id}/input`, { data });
    };
    assert.equal((await answer("this")).status, 202);
    const [, second] = await receiver.until(2);
    assert.equal(
      (await callback(second, { inputRequired: { prompt: "And?", schema: { type: "nothing" } } })).status,
      422,
    );
    const asked = await callback(second, { inputRequired: { prompt: "And?", schema: { type: "integer" } } });
    assert.deepEqual([asked.status, asked.body.state], [200, "input_required"]);
    assert.equal((await callback(second, { result: 1 })).status, 409);
    assert.equal((await answer("x")).status, 422);
    assert.equal((await answer(5)).status, 202);
    const task = await runner.until(id, ({ settledAt }) => settledAt !== undefined);
    assert.deepEqual(
      task.result.map(({ prompt, data }: Record<string, unknown>) => [prompt, data]),
      [
        ["Which?", "this"],
        ["And?", 5],
      ],
    );
  });

  it("refuses guessed tokens, bodies that say nothing, and callbacks of a canceled task", async () => {
    await using receiver = await startReceiver(() => answerOf(202));
    const agent = (await create({ url: receiver.url })).body.name;
    const id = await runner.hub.task(agent);
    const [request] = await receiver.until(1);
    const anyone = runner.hub.test.as(undefined);
    for (const token of [`${id}.${"A".repeat(43)}`, "x", "tsk_00000000000000000000000000", `${id}.`, "%00", "..%2f"]) {
      const { status, body } = await anyone("POST", `/api/v1/callbacks/${token}`, { result: 1 });
      assert.deepEqual([token, status, body.code], [token, 404, "not_found"]);
    }
    for (const body of [{}, { result: 1, error: { code: "a", message: "b" } }, { status: "done" }, { error: "no" }])
      assert.equal((await callback(request, body)).status, 422);
    const { pathname } = new URL(JSON.parse(request?.body ?? "").callbackUrl);
    assert.equal((await anyone("GET", pathname)).status, 405);
    assert.equal((await anyone("POST", pathname, Buffer.from("{"), json)).status, 400);
    await runner.hub.test.call("POST", `/api/v1/tasks/${id}/cancel`);
    assert.equal((await callback(request, { result: 1 })).status, 409);
    assert.equal((await runner.hub.read(id)).state, "canceled");
  });

  it("breaks off a call whose task was canceled", async () => {
    await using receiver = await startReceiver(() => new Promise(() => undefined));
    const agent = (await create({ url: receiver.url })).body.name;
    const id = await runner.hub.task(agent);
    await receiver.until(1);
    await runner.hub.test.call("POST", `/api/v1/tasks/${id}/cancel`);
    const next = await runner.hub.task(agent);
    await receiver.until(2);
    assert.equal((await runner.hub.read(id)).state, "canceled");
    await runner.hub.test.call("POST", `/api/v1/tasks/${next}/cancel`);
  });

  it("refuses runners that cannot be: private addresses, credentials in headers, no token, a bad secret", async () => {
    for (const [fields, path] of [
      [{ url: "http://169.254.169.254/" }, "runner.url"],
      [{ url: "http://[::ffff:10.0.0.1]/" }, "runner.url"],
      [{ url: "file:///etc/passwd" }, "runner.url"],
      [{ url: "http://user:pass@example.com/" }, "runner.url"],
      [{ url: "http://127.0.0.1/", headers: { Authorization: "x" } }, "runner.headers.Authorization"],
      [{ url: "http://127.0.0.1/", preset: "openclaw" }, "runner.secret"],
      [{ url: "http://127.0.0.1/", secret: "whsec_short" }, "runner.secret"],
      [{ url: "http://127.0.0.1/", preset: "openclaw", secret: "a\r\nb" }, "runner.secret"],
      [{ url: "http://127.0.0.1/", preset: "other" }, "runner.preset"],
    ] as const) {
      const { status, body } = await create(fields);
      assert.deepEqual([status, body.errors?.[0]?.path], [422, path]);
    }
  });

  it("keeps a token for the receiver it was given for", async () => {
    const made = await create({ url: "http://127.0.0.1:9/hooks/agent", preset: "openclaw", secret: "a-token" });
    const change = (fields: object) =>
      runner.hub.test.call("PATCH", `/api/v1/agents/${made.body.id}`, {
        runner: { type: "http", preset: "openclaw", ...fields },
      });
    assert.equal((await change({ url: "http://127.0.0.1:9/hooks/other" })).status, 200);
    const moved = await change({ url: "http://127.0.0.1:10/hooks/agent" });
    assert.deepEqual([moved.status, moved.body.errors[0].path], [422, "runner.secret"]);
    assert.equal((await change({ url: "http://127.0.0.1:10/hooks/agent", secret: "another" })).status, 200);
    const rows = await runner.hub.test.hub.services.db.query<{ all: string }>(
      { text: "SELECT a::text AS all FROM agents a" },
      [],
    );
    assert.equal(
      rows.some(({ all }) => all.includes("a-token") || all.includes("another")),
      false,
    );
  });
});
