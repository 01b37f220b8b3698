import assert from "node:assert/strict";
import { type Lanes, startLanes } from "./lanes.ts";

describe("the labels of a route's tasks", () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await startLanes();
  });
  afterEach(() => lanes.clear());
  after(() => lanes[Symbol.asyncDispose]());

  const task = (labels: unknown) => ({ task: { input: "x", labels } });

  for (const [kind, fields] of [
    ["made at once", {}],
    ["made in a lane", { keys: { dedupe: "event.deliveryId" } }],
  ] as const)
    it(`come from the event, of one ${kind}`, async () => {
      const labels = ["campaign ${event.body.campaign}", "${event.body.absent}", "fixed", "fixed"];
      const route = await lanes.route({ ...fields, ...task(labels) });
      await lanes.send({ campaign: "spring", action: "opened" });
      await lanes.decide();
      const [made] = await lanes.tasks(route);
      assert.deepEqual(made.labels, ["campaign spring", "fixed"]);
      const found = await lanes.test.call("GET", "/api/v1/tasks?label=campaign%20spring");
      assert.equal(found.body.data[0].id, made.id);
    });

  it("must be labels when they are rendered, or there is no task", async () => {
    const route = await lanes.route(task(["${event.body.long}"]));
    const event = await lanes.send({ long: "x".repeat(101), action: "opened" });
    const nul = await lanes.send({ long: "a\u0000b", action: "opened" });
    assert.deepEqual(await lanes.tasks(route), []);
    for (const id of [event, nul]) {
      const [decision] = (await lanes.event(id)).decisions;
      assert.match(decision.detail, /^task\.labels\.0: /);
    }
    const tried = await lanes.test.call("POST", "/api/v1/routes/dry-run", { routeId: route, event: { long: "short" } });
    assert.deepEqual(tried.body.results[0].task.labels, ["short"]);
  });

  it("are refused when they compile to none", async () => {
    for (const [labels, path] of [
      ["a", "task.labels"],
      [[1], "task.labels.0"],
      [[], "task.labels"],
      [["${event."], "task.labels.0"],
      [Array.from({ length: 21 }, () => "a"), "task.labels"],
    ] as const) {
      const body = { name: "r", agent: "a", ...task(labels) };
      const { status, body: problem } = await lanes.test.call("POST", "/api/v1/routes", body);
      assert.deepEqual([status, problem.errors[0].path], [422, path], JSON.stringify(labels));
    }
  });
});
