import assert from "node:assert/strict";
import { startTestHub, type TestAnswer, type TestClient, type TestHub } from "../support/test-hub.ts";

describe("The hub's own messages as events", () => {
  let test: TestHub;
  let work: TestClient;
  before(async () => {
    test = await startTestHub();
    for (const name of ["writer", "reviewer"])
      await test.call("POST", "/api/v1/agents", { name, runner: { type: "pull" } });
    work = test.as(await test.keyFor("worker", ["writer", "reviewer"]));
  });
  after(() => test[Symbol.asyncDispose]());

  const addRoute = async (fields: object): Promise<string> => {
    const { status, body } = await test.call("POST", "/api/v1/routes", {
      name: "a route",
      task: { input: "x" },
      ...fields,
    });
    assert.equal(status, 201, JSON.stringify(body));
    return body.id;
  };
  const doNext = async (agent: string, result: unknown): Promise<TestAnswer["body"]> => {
    const leased = await work("POST", "/api/v1/worker/lease", { workerId: "w", agents: [agent], waitSeconds: 5 });
    assert.equal(leased.status, 200, `nothing to do for ${agent}`);
    const [{ task, leaseToken }] = leased.body.tasks;
    assert.equal((await work("POST", `/api/v1/worker/tasks/${task.id}/complete`, { leaseToken, result })).status, 200);
    return task;
  };
  const give = async (agent: string): Promise<void> => {
    assert.equal((await test.call("POST", "/api/v1/tasks", { agent, input: "Begin" })).status, 202);
  };
  const events = async (): Promise<TestAnswer["body"][]> =>
    (await test.call("GET", "/api/v1/events?limit=200")).body.data;

  it("start the next agent with the result of the one before, once", async () => {
    const id = await addRoute({
      agent: "reviewer",
      match: { type: ["task.completed"], body: { data: { task: { agent: ["writer"] } } } },
      task: { input: "Review ${event.body.data.task.result.text}" },
    });
    await give("writer");
    const first = await doNext("writer", { text: "a poem" });
    await test.hub.processAll();
    const second = await doNext("reviewer", "fine");
    assert.equal(second.input, "Review a poem");
    const shown = (await test.call("GET", `/api/v1/tasks/${second.id}`)).body;
    assert.deepEqual([shown.routeId, shown.origin], [id, { chain: [first.id], depth: 1 }]);
    await test.hub.processAll();
    assert.deepEqual(
      (await events()).map(({ type, provider }) => [type, provider]),
      [
        ["task.completed", "hookyard"],
        ["task.completed", "hookyard"],
      ],
    );
    assert.equal((await test.call("GET", "/api/v1/tasks?agent=reviewer")).body.data.length, 1);
    await test.call("DELETE", `/api/v1/routes/${id}`);
  });

  it("go to no route that takes any event, and are none when no route wants them", async () => {
    const before = (await events()).length;
    const any = await addRoute({ agent: "reviewer", match: {} });
    await give("writer");
    await doNext("writer", "done");
    await test.hub.processAll();
    assert.equal((await events()).length, before);
    assert.equal((await test.call("GET", "/api/v1/tasks?agent=reviewer&state=submitted")).body.data.length, 0);
    await test.call("DELETE", `/api/v1/routes/${any}`);
  });

  it("stop at the depth that a route allows, when agents answer each other", async () => {
    const id = await addRoute({
      agent: "writer",
      provider: "hookyard",
      match: { type: ["task.completed"] },
      task: { input: "Again" },
      loops: { maxDepth: 2 },
    });
    await give("writer");
    for (let turn = 0; turn < 3; turn += 1) {
      await doNext("writer", turn);
      await test.hub.processAll();
    }
    assert.equal((await test.call("GET", "/api/v1/tasks?agent=writer&state=submitted")).body.data.length, 0);
    const [last] = await events();
    const shown = (await test.call("GET", `/api/v1/events/${last?.id}`)).body;
    assert.deepEqual(
      shown.decisions.map(({ outcome, reason }: { outcome: string; reason: string }) => [outcome, reason]),
      [["held", "depth"]],
    );
    await test.call("DELETE", `/api/v1/routes/${id}`);
  });

  it("come under a source to which nobody can send", async () => {
    const { data } = (await test.call("GET", "/api/v1/sources")).body;
    const own = data.filter(({ provider }: { provider: string }) => provider === "hookyard");
    assert.equal(own.length, 1);
    assert.equal((await fetch(`${test.url}/in/${own[0].id}`, { method: "POST", body: "{}" })).status, 404);
    assert.equal(
      (await test.call("POST", "/api/v1/sources", { name: "x", provider: "hookyard", secrets: ["s"] })).status,
      422,
    );
  });
});
