import assert from "node:assert/strict";
import { startTestHub, type TestHub } from "../support/test-hub.ts";

const path = "/api/v1/event-types";

describe("the catalogue of event types", () => {
  let test: TestHub;
  before(async () => void (test = await startTestHub()));
  after(() => test[Symbol.asyncDispose]());

  const schema = { type: "object", required: ["amount"], properties: { amount: { type: "integer" } } };

  it("is made, read, listed by name, changed and deleted", async () => {
    const names = ["invoice.paid", "invoice.sent", "a.first"];
    for (const name of names) assert.equal((await test.call("POST", path, { name })).status, 201);
    const made = await test.call("PATCH", `${path}/invoice.paid`, {
      schema,
      example: { amount: 1 },
      description: "Paid",
    });
    assert.equal(made.status, 200);
    assert.deepEqual((await test.call("GET", `${path}/invoice.paid`)).body, made.body);
    const first = await test.call("GET", `${path}?limit=2`);
    assert.deepEqual(
      [first.body.data.map(({ name }: { name: string }) => name), first.body.nextCursor],
      [["a.first", "invoice.paid"], "invoice.paid"],
    );
    const second = await test.call("GET", `${path}?limit=2&cursor=invoice.paid`);
    assert.deepEqual([second.body.data.length, second.body.nextCursor], [1, undefined]);
    assert.equal((await test.call("POST", path, { name: "a.first" })).body.code, "event_type_exists");
    assert.equal((await test.call("DELETE", `${path}/a.first`)).status, 204);
    assert.equal((await test.call("GET", `${path}/a.first`)).status, 404);
    assert.equal((await test.call("DELETE", `${path}/a.first`)).status, 404);
    const other = await test.inAnotherProject();
    assert.equal((await other("GET", `${path}/invoice.paid`)).status, 404);
  });

  it("holds what is published against its schema", async () => {
    await test.call("POST", path, { name: "order.paid", schema });
    const bad = await test.call("POST", "/api/v1/messages", { type: "order.paid", data: { amount: "1" } });
    assert.deepEqual([bad.status, bad.body.code, bad.body.errors[0].path], [422, "schema_mismatch", "data.amount"]);
    const good = await test.call("POST", "/api/v1/messages", {
      type: "order.paid",
      data: { amount: 1 },
      channels: ["a", "a"],
    });
    assert.deepEqual([good.status, good.body.channels], [202, ["a"]]);
    assert.equal((await test.call("PATCH", `${path}/order.paid`, { schema: null })).status, 200);
    const free = await test.call("POST", "/api/v1/messages", { type: "order.paid", data: { amount: "1" } });
    assert.equal(free.status, 202);
  });

  it("refuses a schema that is none, an example that does not fit, and the hub's own names", async () => {
    for (const [body, field] of [
      [{ name: "x.y", schema: { type: "strnig" } }, "schema"],
      [{ name: "x.y", schema: { $ref: "https://evil.example/" } }, "schema"],
      [{ name: "x.y", schema, example: {} }, "example"],
      [{ name: "task.completed" }, "name"],
      [{ name: "a b" }, "name"],
      [{ name: "x.y", sample: {} }, "sample"],
    ] as const) {
      const answer = await test.call("POST", path, body);
      assert.deepEqual([answer.status, answer.body.errors?.[0].path], [422, field]);
    }
    const viewer = test.as(await test.keyFor("viewer"));
    assert.equal((await viewer("GET", path)).status, 200);
    assert.equal((await viewer("POST", path, { name: "x.y" })).status, 403);
  });
});
