import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import supertest from "supertest";
import { purgeIdempotencyKeys } from "../../src/http/idempotency.ts";
import { echoOperations } from "./echo-operations.ts";
import { startTestApi, type TestApi } from "./test-api.ts";

describe("An Idempotency-Key", () => {
  let api: TestApi;
  const echo = echoOperations();
  before(async () => {
    api = await startTestApi({ operations: echo.operations });
  });
  after(() => api[Symbol.asyncDispose]());

  const post = (path: string, body: object, key: string, credential = api.project.ownerKey) =>
    supertest(api.url).post(path).auth(credential, { type: "bearer" }).set("Idempotency-Key", key).send(body);
  const stored = async () =>
    await api.ctx.db.query<{ response: Buffer | null }>({ text: "SELECT * FROM idempotency_keys" }, []);

  it("gives the same request the same answer, and runs it once", async () => {
    const key = randomUUID();
    const first = await post("/api/v1/echo", { name: "a" }, key);
    const runs = echo.runs();
    const second = await post("/api/v1/echo", { name: "a" }, key);
    assert.equal(echo.runs(), runs);
    assert.deepEqual([second.status, second.text], [first.status, first.text]);
    assert.equal(first.headers["idempotency-replayed"], undefined);
    assert.equal(second.headers["idempotency-replayed"], "true");
    assert.equal(second.headers["content-type"], first.headers["content-type"]);
    assert.notEqual(second.headers["x-request-id"], first.headers["x-request-id"]);
  });

  it("repeats an answer without a body", async () => {
    const key = randomUUID();
    assert.equal((await post("/api/v1/echo/switch", {}, key)).status, 204);
    const runs = echo.runs();
    const again = await post("/api/v1/echo/switch", {}, key);
    assert.deepEqual([again.status, again.text], [204, ""]);
    assert.equal(echo.runs(), runs);
  });

  it("shows an issued key again to the same caller, and keeps it sealed", async () => {
    const idempotencyKey = randomUUID();
    const body = { name: "CI", role: "viewer" };
    const first = await post("/api/v1/keys", body, idempotencyKey);
    assert.equal(first.status, 201);
    assert.deepEqual((await post("/api/v1/keys", body, idempotencyKey)).body, first.body);
    for (const { response } of await stored())
      assert.ok(response !== null && !response.includes(first.body.key) && !response.includes(first.body.id));
  });

  it("of another credential, role or project is another one", async () => {
    const idempotencyKey = randomUUID();
    const body = { name: "CI", role: "viewer" };
    const admin = await api.keyFor("admin");
    const first = await post("/api/v1/keys", body, idempotencyKey, admin.key);
    const ofOwner = await post("/api/v1/keys", body, idempotencyKey);
    assert.equal(ofOwner.status, 201);
    assert.notEqual(ofOwner.body.key, first.body.key);
    const minted = await supertest(api.url)
      .post("/api/v1/tokens")
      .auth(admin.key, { type: "bearer" })
      .send({ role: "viewer" });
    const ofViewer = await post("/api/v1/keys", body, idempotencyKey, minted.body.token);
    assert.equal(ofViewer.status, 403);
  });

  it("with another body, path, query or type is a 409", async () => {
    const key = randomUUID();
    await post("/api/v1/echo", { name: "a" }, key);
    const others = [
      post("/api/v1/echo", { name: "b" }, key),
      post("/api/v1/echo/", { name: "a" }, key),
      post("/api/v1/echo/switch", {}, key),
      post("/api/v1/echo", { name: "a" }, key).set("Content-Type", "application/json; charset=utf-8"),
    ];
    for (const response of await Promise.all(others)) {
      assert.equal(response.status, 409);
      assert.equal(response.body.code, "idempotency_mismatch");
    }
  });

  it("runs one of many requests at once, and gives the others its answer", async () => {
    const key = randomUUID();
    const runs = echo.runs();
    const requests = Array.from({ length: 10 }, () => post("/api/v1/slow", { milliseconds: 150 }, key));
    const responses = await Promise.all(requests);
    assert.equal(echo.runs(), runs + 1);
    for (const { status, text } of responses) assert.deepEqual([status, text], [200, responses[0]?.text]);
    assert.equal(responses.filter(({ headers }) => headers["idempotency-replayed"] === "true").length, 9);
  });

  it("lets a request that waited for a refused one run itself", async () => {
    const key = randomUUID();
    const runs = echo.runs();
    const both = await Promise.all([1, 2].map(() => post("/api/v1/fail", { how: "invalid" }, key)));
    assert.deepEqual([both.map(({ status }) => status), echo.runs()], [[422, 422], runs + 2]);
  });

  it("repeats a refusal, with the request id that it had", async () => {
    const key = randomUUID();
    const first = await post("/api/v1/fail", { how: "forbidden" }, key);
    assert.equal(first.status, 403);
    const second = await post("/api/v1/fail", { how: "forbidden" }, key);
    assert.equal(second.text, first.text);
    assert.equal(second.type, "application/problem+json");
  });

  it("is free again after a 422 and after a failure of ours", async () => {
    for (const [how, status] of [
      ["invalid", 422],
      ["bug", 500],
    ]) {
      const key = randomUUID();
      const runs = echo.runs();
      for (const time of [1, 2])
        assert.equal((await post("/api/v1/fail", { how }, key)).status, status, `${how} ${time}`);
      assert.equal(echo.runs(), runs + 2);
      assert.equal((await post("/api/v1/echo", { name: "other" }, key)).status, 200);
    }
  });

  it("of a process that died is held for a minute, for the same request alone", async () => {
    const key = randomUUID();
    await post("/api/v1/echo", { name: "a" }, key);
    await api.ctx.db.query({ text: "UPDATE idempotency_keys SET response = NULL WHERE key = $1" }, [key]);
    const waited = await post("/api/v1/echo", { name: "a" }, key);
    assert.deepEqual([waited.status, waited.body.code], [409, "idempotency_in_progress"]);
    assert.equal(waited.headers["retry-after"], "1");
    api.ctx.clock.advanceBy(61);
    assert.equal((await post("/api/v1/echo", { name: "b" }, key)).body.code, "idempotency_mismatch");
    const runs = echo.runs();
    const retried = await Promise.all([1, 2, 3].map(() => post("/api/v1/echo", { name: "a" }, key)));
    assert.equal(echo.runs(), runs + 1);
    assert.ok(retried.every(({ status }) => status === 200));
  });

  it("is forgotten after a day, and its row with the next purge", async () => {
    const key = randomUUID();
    await post("/api/v1/echo", { name: "a" }, key);
    api.ctx.clock.advanceBy(24 * 3600 + 1);
    const runs = echo.runs();
    assert.equal((await post("/api/v1/echo", { name: "b" }, key)).status, 200);
    assert.equal(echo.runs(), runs + 1);
    await purgeIdempotencyKeys(api.ctx);
    assert.equal((await stored()).length, 1);
  });

  it("must be 1 to 255 visible characters, once", async () => {
    for (const key of ["a b", "x".repeat(256), "é", "a, b"]) {
      const response = await post("/api/v1/echo", { name: "a" }, key);
      assert.equal(response.status, 400, key);
      assert.equal(response.body.code, "bad_idempotency_key");
    }
  });
});
