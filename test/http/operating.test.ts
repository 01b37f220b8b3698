import assert from "node:assert/strict";
import { type HubWithHistory, startHubWithHistory } from "../support/hub-with-history.ts";

describe("The calls that make something happen", () => {
  let hub: HubWithHistory;
  before(async () => {
    hub = await startHubWithHistory();
  });
  after(() => hub[Symbol.asyncDispose]());

  const ok: HubWithHistory["ok"] = (...call) => hub.ok(...call);
  const refused: HubWithHistory["refused"] = (...call) => hub.refused(...call);

  it("make a task, cancel it, and have it done again", async () => {
    const input = { agent: "triager", input: "a\u0000b", parameters: { a: "\u0000" }, priority: -3 };
    const made = await ok("POST", "/api/v1/tasks", input);
    assert.equal(made.status, 202);
    const { id } = made.body;
    assert.deepEqual(
      [made.body.state, made.body.input, made.body.parameters, made.body.priority],
      ["submitted", "a\u0000b", { a: "\u0000" }, -3],
    );
    assert.equal(await refused(hub.test.call, "POST", `/api/v1/tasks/${id}/retry`), "409 task_not_retryable");
    assert.deepEqual((await ok("POST", `/api/v1/tasks/${id}/cancel`)).body.state, "canceled");
    assert.deepEqual((await ok("POST", `/api/v1/tasks/${id}/cancel`, {})).status, 200);
    const retried = await ok("POST", `/api/v1/tasks/${id}/retry`);
    assert.deepEqual([retried.status, retried.body.state, retried.body.reason], [202, "submitted", "redriven"]);
    assert.equal(await refused(hub.test.call, "POST", `/api/v1/tasks/${hub.ids.task}/cancel`), "409 task_settled");
    assert.equal(await refused(hub.test.call, "POST", `/api/v1/tasks/${hub.ids.task}/retry`), "409 task_not_retryable");

    const startAfter = "2100-01-01T00:00:00.000Z";
    assert.equal(
      (await ok("POST", "/api/v1/tasks", { agent: "triager", input: "x", startAfter })).body.startAfter,
      startAfter,
    );
    for (const [change, path] of [
      [{ agent: "nobody" }, "agent"],
      [{ agent: 1 }, "agent"],
      [{ agent: "a\u0000" }, "agent"],
      [{ input: "" }, "input"],
      [{ input: undefined }, "input"],
      [{ input: { text: "x" } }, "input"],
      [{ input: "x".repeat(262_145) }, "input"],
      [{ parameters: [] }, "parameters"],
      [{ parameters: null }, "parameters"],
      [{ priority: 1.5 }, "priority"],
      [{ priority: 2 ** 31 }, "priority"],
      [{ startAfter: "tomorrow" }, "startAfter"],
      [{ dependsOn: [] }, "dependsOn"],
      [{ keys: [] }, "keys"],
    ] as const)
      assert.equal(
        await refused(hub.test.call, "POST", "/api/v1/tasks", { agent: "triager", input: "x", ...change }),
        `422 invalid ${path}`,
        JSON.stringify(change).slice(0, 80),
      );
    assert.equal(await refused(hub.test.call, "POST", "/api/v1/tasks"), "422 invalid ");
    assert.equal(
      await refused(hub.test.call, "POST", `/api/v1/tasks/${id}/cancel`, { reason: "x" }),
      "422 invalid reason",
    );
  });

  it("publish a message once under its id", async () => {
    const message = { type: "invoice.paid", data: { text: "a\u0000b" }, id: "invoice-1" };
    const first = await ok("POST", "/api/v1/messages", message);
    assert.equal(first.status, 202);
    assert.deepEqual((await ok("POST", "/api/v1/messages", message)).body, first.body);
    const changed = { ...message, data: {} };
    assert.equal(await refused(hub.test.call, "POST", "/api/v1/messages", changed), "409 message_exists");
    assert.equal(
      await refused(hub.test.call, "POST", "/api/v1/messages", { ...message, type: "task.x" }),
      "422 invalid type",
    );
    assert.equal(
      await refused(hub.test.call, "POST", "/api/v1/messages", { ...message, id: "a\u0000" }),
      "422 invalid id",
    );
    const huge = `{"type":"x","data":{"n":1e999}}`;
    const answer = await hub.test.call("POST", "/api/v1/messages", Buffer.from(huge), {
      "content-type": "application/json",
    });
    assert.deepEqual([answer.status, answer.body.errors[0].path], [422, "data.n"]);
  });

  it("send a delivery again, and end it", async () => {
    const retried = await ok("POST", `/api/v1/deliveries/${hub.ids.delivery}/retry`);
    assert.deepEqual([retried.status, retried.body.id], [202, hub.ids.delivery]);
    await hub.receiver.until(2);
    await hub.test.hub.processAll();
    const again = await ok("GET", `/api/v1/deliveries/${hub.ids.delivery}`);
    assert.deepEqual([again.body.state, again.body.attemptCount], ["succeeded", 2]);
    assert.equal(hub.receiver.requests[0]?.body, hub.receiver.requests[1]?.body);
    assert.equal(hub.receiver.requests[1]?.headers["webhook-id"], hub.ids.message);
    assert.equal(
      await refused(hub.test.call, "POST", `/api/v1/deliveries/${hub.ids.delivery}/cancel`),
      "409 delivery_settled",
    );
    await hub.test.call("POST", `/api/v1/endpoints/${hub.ids.endpoint}/disable`);
    assert.equal(
      await refused(hub.test.call, "POST", `/api/v1/deliveries/${hub.ids.delivery}/retry`),
      "409 endpoint_disabled",
    );
    await hub.test.call("POST", `/api/v1/endpoints/${hub.ids.endpoint}/enable`);
  });

  it("let a viewer read all and change nothing, and an operator do both", async () => {
    const viewer = hub.test.as(await hub.test.keyFor("viewer"));
    const operator = hub.test.as(await hub.test.keyFor("operator"));
    const { id } = (await ok("POST", "/api/v1/tasks", { agent: "triager", input: "x" })).body;
    for (const path of ["events", "tasks", "artifacts", "messages", "deliveries", `trace/${hub.ids.task}`])
      for (const client of [viewer, operator]) await ok("GET", `/api/v1/${path}`, undefined, client);
    const changes: readonly (readonly [string, unknown])[] = [
      ["/api/v1/tasks", { agent: "triager", input: "x" }],
      [`/api/v1/tasks/${id}/cancel`, undefined],
      [`/api/v1/tasks/${id}/retry`, undefined],
      ["/api/v1/messages", { type: "x", data: {} }],
      [`/api/v1/deliveries/${hub.ids.delivery}/retry`, undefined],
      [`/api/v1/deliveries/${hub.ids.delivery}/cancel`, undefined],
    ];
    for (const [path, input] of changes)
      assert.equal(await refused(viewer, "POST", path, input), "403 forbidden", path);
    assert.equal((await ok("POST", `/api/v1/tasks/${id}/cancel`, undefined, operator)).body.state, "canceled");
    assert.equal((await ok("POST", `/api/v1/tasks/${id}/retry`, undefined, operator)).body.state, "submitted");
    await ok("POST", `/api/v1/deliveries/${hub.ids.delivery}/retry`, undefined, operator);
    assert.equal(await refused(operator, "POST", "/api/v1/messages", { type: "x", data: {} }), "403 forbidden");
    assert.equal(await refused(hub.test.as(undefined), "GET", "/api/v1/events"), "401 unauthenticated");
  });
});
