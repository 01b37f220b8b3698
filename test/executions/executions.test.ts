import assert from "node:assert/strict";
import { startTestHub, type TestAnswer, type TestClient, type TestHub } from "../support/test-hub.ts";

describe("Executions", () => {
  let test: TestHub;
  let work: TestClient;
  before(async () => {
    test = await startTestHub();
    await test.call("POST", "/api/v1/agents", { name: "Code Reviewer", runner: { type: "pull" } });
    work = test.as(await test.keyFor("worker", ["Code Reviewer"]));
  });
  after(() => test[Symbol.asyncDispose]());

  const execute = (changes: object = {}, headers?: Record<string, string>): Promise<TestAnswer> =>
    test.call(
      "POST",
      "/api/v1/agents/execute",
      { agent_name: "Code Reviewer", task: "Review it", waitSeconds: 10, ...changes },
      headers,
    );
  async function lease(): Promise<{
    readonly path: string;
    readonly leaseToken: string;
    readonly task: TestAnswer["body"];
  }> {
    const leased = await work("POST", "/api/v1/worker/lease", {
      workerId: "w",
      agents: ["Code Reviewer"],
      waitSeconds: 5,
    });
    const [{ task, leaseToken }] = leased.body.tasks;
    return { path: `/api/v1/worker/tasks/${task.id}`, leaseToken, task };
  }

  it("answer with the result once the agent has it", async () => {
    const answer = execute({ parameters: { depth: 2 } });
    const { path, leaseToken, task } = await lease();
    assert.deepEqual(task.parameters, { depth: 2 });
    await work("POST", `${path}/complete`, { leaseToken, result: { verdict: "good" } });
    const { status, body } = await answer;
    assert.equal(status, 200);
    assert.deepEqual(
      [body.agent_name, body.status, body.result, body.error],
      ["Code Reviewer", "completed", { verdict: "good" }, null],
    );
    assert.ok(body.created_at <= body.started_at && body.started_at <= body.completed_at);
    assert.deepEqual((await test.call("GET", `/api/v1/executions/${body.id}`)).body, body);
  });

  it("answer with the error when the agent failed, and when it was canceled", async () => {
    const failing = execute();
    const { path, leaseToken } = await lease();
    await work("POST", `${path}/fail`, { leaseToken, error: { code: "no", message: "I cannot" }, retryable: false });
    const failed = await failing;
    assert.deepEqual([failed.status, failed.body.status, failed.body.error], [200, "failed", "I cannot"]);
    assert.equal(failed.body.result, null);

    const { body } = await execute({ waitSeconds: 0 });
    await test.call("POST", `/api/v1/tasks/${body.id}/cancel`);
    const canceled = (await test.call("GET", `/api/v1/executions/${body.id}`)).body;
    assert.deepEqual([canceled.status, canceled.error], ["failed", "canceled"]);
  });

  it("answer 202 when the time is over or the caller does not wait, and go on", async () => {
    const late = await execute({ waitSeconds: 0.05 });
    assert.deepEqual([late.status, late.body.status, late.body.started_at], [202, "pending", null]);
    assert.equal(late.headers.get("location"), `/api/v1/executions/${late.body.id}`);
    const { path, leaseToken, task } = await lease();
    assert.equal(task.id, late.body.id);
    assert.equal((await test.call("GET", `/api/v1/executions/${late.body.id}`)).body.status, "running");
    await work("POST", `${path}/complete`, { leaseToken, result: "done" });
    assert.equal((await test.call("GET", `/api/v1/executions/${late.body.id}`)).body.result, "done");

    const body = { agent_name: "Code Reviewer", task: "x" };
    for (const [query, prefer] of [
      ["?waitSeconds=0.05", ""],
      ["", "wait=0"],
    ] as const) {
      const said = await test.call("POST", `/api/v1/agents/execute${query}`, body, { prefer });
      assert.deepEqual([said.status, said.body.status], [202, "pending"]);
    }

    const before = performance.now();
    const asked = await execute({}, { prefer: "handling=lenient, Respond-Async; wait=3" });
    assert.ok(performance.now() - before < 5_000);
    assert.deepEqual([asked.status, asked.headers.get("preference-applied")], [202, "respond-async"]);
  });

  it("refuse what they cannot do, naming the field", async () => {
    const refused = async (changes: object): Promise<string> => {
      const { status, body } = await execute(changes);
      return `${status} ${(body.errors ?? []).map((error: { path: string }) => error.path).join()}`;
    };
    assert.equal(await refused({ agent_name: "nobody" }), "422 agent_name");
    assert.equal(await refused({ task: "" }), "422 task");
    assert.equal(await refused({ waitSeconds: 61 }), "422 waitSeconds");
    assert.equal(await refused({ agentName: "x" }), "422 agentName");
    const viewer = test.as(await test.keyFor("viewer"));
    assert.equal(
      (await viewer("POST", "/api/v1/agents/execute", { agent_name: "Code Reviewer", task: "x" })).status,
      403,
    );
    const { body } = await execute({ waitSeconds: 0 });
    const stranger = await test.inAnotherProject();
    assert.equal((await stranger("GET", `/api/v1/executions/${body.id}`)).status, 404);
  });
});
