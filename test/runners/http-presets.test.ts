import assert from "node:assert/strict";
import { startReceiver } from "../support/receiver.ts";
import { type RunnerHub, startRunnerHub } from "./runner-hub.ts";

const answerOf = (status: number, body?: unknown) => ({
  status,
  headers: { "content-type": "application/json" },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

describe("presets of the http runner", () => {
  let runner: RunnerHub;
  before(async () => {
    runner = await startRunnerHub();
  });
  after(() => runner[Symbol.asyncDispose]());

  const create = (runnerFields: object, fields: object = {}) =>
    runner.hub.test.call("POST", "/api/v1/agents", {
      name: `remote-${Math.random()}`,
      runner: { type: "http", ...runnerFields },
      ...fields,
    });

  const presets: readonly [string, object, (body: Record<string, unknown>) => unknown][] = [
    ["openclaw", {}, (body) => [body["message"], body["deliver"]]],
    [
      "github-dispatch",
      {},
      ({ event_type, client_payload }) => [event_type, (client_payload as { task: { input: string } }).task.input],
    ],
    ["claude-routine", {}, ({ text }) => text],
  ];
  const expected: Readonly<Record<string, unknown>> = {
    openclaw: ["Be brief.\n\nDo it", false],
    "github-dispatch": ["hookyard_task", "Do it"],
    "claude-routine": "Be brief.\n\nDo it",
  };
  for (const [preset, body, pick] of presets)
    it(`calls an endpoint in the manners of ${preset}, with its token`, async () => {
      await using receiver = await startReceiver(() => answerOf(preset === "github-dispatch" ? 204 : 200));
      const agent = await create({ url: receiver.url, preset, secret: "a-token", body }, { instructions: "Be brief." });
      assert.deepEqual([agent.status, agent.body.secret], [201, undefined]);
      const task = await runner.run(agent.body.name);
      assert.equal(task.state, "completed");
      const [request] = receiver.requests;
      assert.equal(request?.headers.authorization, "Bearer a-token");
      assert.equal(request?.headers["webhook-signature"], undefined);
      assert.deepEqual(pick(JSON.parse(request?.body ?? "")), expected[preset]);
    });

  it("calls Cursor, and is called when its agent has finished", async () => {
    await using receiver = await startReceiver(() => answerOf(201, { id: "bc_1", status: "CREATING" }));
    const source = { repository: "https://github.com/a/b", ref: "main" };
    const agent = await create({ url: receiver.url, preset: "cursor", secret: "key_1", body: { source } });
    const id = await runner.hub.task(agent.body.name);
    const [request] = await receiver.until(1);
    const { webhook, ...sent } = JSON.parse(request?.body ?? "");
    assert.deepEqual(sent, { prompt: { text: "Do it" }, source });
    const say = (body: object) => runner.hub.test.as(undefined)("POST", new URL(webhook.url).pathname, body);
    assert.equal((await say({ event: "statusChange", status: "RUNNING" })).body.state, "working");
    assert.equal((await say({ event: "statusChange", status: "FINISHED", summary: "Done" })).body.state, "completed");
    assert.equal((await runner.hub.read(id)).result.summary, "Done");
  });

  it("tells an agent in words where to answer, when its task shall wait for that", async () => {
    await using receiver = await startReceiver(() => answerOf(200, { ok: true }));
    const fields = { url: receiver.url, preset: "openclaw", secret: "t", completion: "callback" };
    const id = await runner.hub.task((await create(fields)).body.name);
    const [request] = await receiver.until(1);
    const path = /(\/api\/v1\/callbacks\/\S+)/.exec(JSON.parse(request?.body ?? "").message)?.[1] ?? "";
    assert.equal((await runner.hub.test.as(undefined)("POST", path, { result: "yes" })).status, 200);
    assert.equal((await runner.hub.read(id)).result, "yes");
  });
});
