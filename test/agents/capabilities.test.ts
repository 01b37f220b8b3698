import assert from "node:assert/strict";
import { sign } from "@octokit/webhooks-methods";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const secret = "a secret of GitHub";

describe("asking for a capability instead of an agent", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const call = (method: string, path: string, body?: object) => hub.test.call(method, `/api/v1${path}`, body);
  const capable = async (...capabilities: readonly string[]): Promise<string> => {
    const name = await hub.agent();
    assert.equal((await call("PATCH", `/agents/${name}`, { capabilities })).status, 200);
    return name;
  };
  const taskFor = async (capability: string): Promise<string> => {
    const { status, body } = await call("POST", "/tasks", { capability, input: "Do it" });
    assert.equal(status, 202, JSON.stringify(body));
    return body.agent;
  };

  it("gives tasks in turn to the agents that have it, and to paused ones only when there is nobody else", async () => {
    const agents = [await capable("sort", "search"), await capable("sort"), await capable("search")];
    const got = [await taskFor("sort"), await taskFor("sort"), await taskFor("sort"), await taskFor("sort")];
    const counts = [0, 1].map((index) => got.filter((agent) => agent === agents[index]).length);
    assert.deepEqual(counts, [2, 2]);
    assert.equal(await taskFor("search"), agents[2]);
    await call("POST", `/agents/${agents[0]}/pause`);
    assert.deepEqual([await taskFor("sort"), await taskFor("sort")], [agents[1], agents[1]]);
    await call("POST", `/agents/${agents[1]}/pause`);
    assert.equal(await taskFor("sort"), agents[0]);
  });

  it("refuses one that nobody has, and a task for both or neither", async () => {
    for (const [fields, path] of [
      [{ capability: "fly" }, "capability"],
      [{ capability: "sort", agent: "agent-1" }, "capability"],
      [{}, "agent"],
      [{ capability: "" }, "capability"],
    ] as const) {
      const task = await call("POST", "/tasks", { ...fields, input: "x" });
      assert.deepEqual([task.status, task.body.errors[0].path], [422, path]);
      const route = await call("POST", "/routes", { name: "x", task: { input: "x" }, ...fields });
      assert.deepEqual([route.status, route.body.errors[0].path], [422, path]);
    }
    const stranger = await hub.test.inAnotherProject();
    const answer = await stranger("POST", "/api/v1/tasks", { capability: "sort", input: "x" });
    assert.equal(answer.status, 422);
  });

  it("lets a route choose the agent when it makes the task", async () => {
    const source = await call("POST", "/sources", { name: "github", provider: "github", secrets: [secret] });
    const first = await capable("triage");
    const route = await call("POST", "/routes", {
      name: "triage",
      provider: "github",
      capability: "triage",
      task: { input: "Triage ${event.body.n}" },
    });
    assert.deepEqual([route.status, route.body.capability, route.body.agent], [201, "triage", undefined]);
    let sent = 0;
    const send = async (): Promise<string> => {
      sent += 1;
      const body = JSON.stringify({ n: sent });
      const response = await fetch(source.body.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-github-event": "push",
          "x-github-delivery": `delivery-${sent}`,
          "x-hub-signature-256": await sign(secret, body),
        },
        body,
      });
      assert.equal(response.status, 200);
      return (await call("GET", "/tasks?limit=1")).body.data[0].agent;
    };
    assert.equal(await send(), first);
    const second = await capable("triage");
    assert.equal(await send(), second);
    await call("PATCH", `/agents/${second}`, { capabilities: [] });
    assert.equal(await send(), first);
    assert.equal((await call("DELETE", `/agents/${first}`)).status, 409, "nobody else could do it");
    await call("PATCH", `/agents/${second}`, { capabilities: ["triage"] });
    for (const { task, leaseToken } of await hub.lease(first, { max: 10 }))
      await call("POST", `/worker/tasks/${task.id}/complete`, { leaseToken });
    assert.equal((await call("DELETE", `/agents/${first}`)).status, 204);
    assert.equal(await send(), second);
    const named = await call("PATCH", `/routes/${route.body.id}`, { agent: second });
    assert.deepEqual([named.body.capability, named.body.agent], [undefined, second]);
  });
});
