import assert from "node:assert/strict";
import type { TestAnswer } from "../support/test-hub.ts";
import { type Lanes, startLanes } from "./lanes.ts";

const approval = { prompt: "Send it?", expiresInSeconds: 60, onExpiry: "approve" };

describe("a route whose results need approval", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  afterEach(() => lanes.clear());
  after(() => lanes[Symbol.asyncDispose]());

  async function work({ id, agent }: TestAnswer["body"]): Promise<string> {
    const leased = await lanes.test.call("POST", "/api/v1/worker/lease", { workerId: "w", agents: [agent] });
    assert.equal(leased.status, 200);
    const [{ task, leaseToken }] = leased.body.tasks;
    assert.equal(task.id, id);
    return (await lanes.test.call("POST", `/api/v1/worker/tasks/${id}/complete`, { leaseToken, result: 1 })).body.state;
  }

  for (const [kind, fields] of [
    ["at once", {}],
    ["in its lane", { keys: { dedupe: "event.deliveryId" } }],
    ["of collected events", { debounce: { quietSeconds: 1, maxSeconds: 2 } }],
  ] as const)
    it(`holds back those of tasks made ${kind}`, async () => {
      const route = await lanes.route({ ...fields, approval });
      assert.deepEqual((await lanes.test.call("GET", `/api/v1/routes/${route}`)).body.approval, approval);
      await lanes.send();
      await lanes.decide();
      await lanes.pass(3);
      const [task] = await lanes.tasks(route);
      const path = `/api/v1/tasks/${task.id}`;
      assert.deepEqual((await lanes.test.call("GET", path)).body.approval, approval);
      assert.equal(await work(task), "input_required");
      const approved = await lanes.test.call("POST", `${path}/approve`);
      assert.deepEqual([approved.status, approved.body.state], [200, "completed"]);
    });

  it("shows it in a dry run, and lets it be cleared", async () => {
    const route = await lanes.route({ approval });
    const tried = await lanes.test.call("POST", "/api/v1/routes/dry-run", { routeId: route, event: { body: {} } });
    assert.deepEqual(tried.body.results[0].task.approval, approval);
    await lanes.change(route, { approval: null });
    assert.equal((await lanes.test.call("GET", `/api/v1/routes/${route}`)).body.approval, undefined);
    await lanes.send();
    const [task] = await lanes.tasks(route);
    assert.equal(await work(task), "completed");
  });

  it("refuses what is no approval", async () => {
    for (const [wrong, path] of [
      [{ artifacts: [] }, "approval.artifacts"],
      [{ onExpiry: "fail" }, "approval.onExpiry"],
      [{ colour: 1 }, "approval.colour"],
      [false, "approval"],
    ] as const) {
      const body = { name: "r", agent: "a", task: { input: "x" }, approval: wrong };
      const { status, body: problem } = await lanes.test.call("POST", "/api/v1/routes", body);
      assert.deepEqual([status, problem.errors[0].path], [422, path]);
    }
  });
});
