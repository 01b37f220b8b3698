import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import supertest from "supertest";
import { toWireId } from "../../src/lib/ids.ts";
import { echoOperations } from "./echo-operations.ts";
import { startTestApi, type TestApi } from "./test-api.ts";

const path = "/api/v1/echo";

describe("The checks on a request", () => {
  let api: TestApi;
  const echo = echoOperations();
  before(async () => {
    api = await startTestApi({ operations: echo.operations, api: { bodyLimitBytes: 20_000 } });
  });
  after(() => api[Symbol.asyncDispose]());

  const call = () => supertest.agent(api.url).auth(api.project.ownerKey, { type: "bearer" });
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    call()
      .post(path)
      .set({ "Content-Type": "application/json", ...headers })
      // supertest would make JSON of a Buffer.
      .serialize((sent: unknown) => sent as string)
      .send(body);
  const paths = (response: supertest.Response): string[] =>
    response.body.errors.map((error: { path: string }) => error.path);

  it("let a good body through as it is", async () => {
    const body = { name: "Zoë \u{1f600}", count: 3, data: { deep: [1, null, "x"] } };
    const response = await post(JSON.stringify(body));
    assert.equal(response.status, 200);
    assert.deepEqual(response.body.body, body);
    assert.equal(response.headers["cache-control"], "no-store");
    assert.match(String(response.headers["x-request-id"]), /^req_[0-9a-f-]{36}$/);
  });

  it("answer 422 with the path of each field that is wrong, missing or unknown", async () => {
    const response = await post('{"count": 11, "nested": {"list": [{"id": "a"}, {"di": 2}]}, "more": 1}');
    assert.equal(response.status, 422);
    assert.equal(response.type, "application/problem+json");
    assert.equal(response.body.code, "invalid");
    assert.equal(response.body.status, 422);
    assert.equal(response.body.requestId, response.headers["x-request-id"]);
    assert.deepEqual(paths(response).toSorted(), ["count", "more", "name", "nested.list.1.di", "nested.list.1.id"]);
  });

  it("name the field inside a union, of the member that came nearest", async () => {
    assert.deepEqual(paths(await post('{"name": "a", "either": {"type": "http", "url": "no"}}')), ["either.url"]);
    assert.deepEqual(paths(await post('{"name": "a", "either": 5}')), ["either"]);
  });

  it("bound what a 422 says back", async () => {
    const fields = Object.fromEntries(Array.from({ length: 500 }, (_item, index) => [`f${index}`, 1]));
    const many = await post(JSON.stringify({ name: "a", ...fields }));
    assert.equal(many.body.errors.length, 50);
    const long = await post(JSON.stringify({ name: "a", ["x".repeat(10_000)]: 1 }));
    assert.ok(long.text.length < 1_000);
  });

  it("answer 400 to what is not UTF-8 or not JSON", async () => {
    const bad = ["{", "nonsense", '{"name": "a",}', "\ufeff{}", Buffer.from([0x22, 0xff, 0x22])];
    for (const body of bad) {
      const response = await post(body);
      assert.equal(response.status, 400, String(body));
      assert.equal(response.body.code, "malformed_body");
    }
  });

  it("answer 400 to 10,000 levels of nesting, wherever they are", async () => {
    const deep = "[".repeat(9_000) + "]".repeat(9_000);
    for (const body of [deep, `{"name": "a", "data": ${deep}}`, '{"a":'.repeat(3_000)]) {
      const response = await post(body);
      assert.equal(response.status, 400);
    }
    assert.equal((await post(`{"name": "a", "data": ${"[".repeat(90) + "]".repeat(90)}}`)).status, 200);
  });

  it("answer 422 to NUL and to numbers that no double holds, but leave free fields their NUL", async () => {
    assert.deepEqual(paths(await post('{"name": "a\\u0000"}')), ["name"]);
    assert.deepEqual(paths(await post('{"name": "a", "data": {"b": ["\\u0000"]}}')), ["data.b.0"]);
    assert.deepEqual(paths(await post('{"name": "a", "result": 1e999}')), ["result"]);
    assert.equal((await post('{"name": "a", "data": {"\\u0000": 1}}')).status, 422);
    const free = await post('{"name": "a", "result": {"text": "\\u0000"}}');
    assert.equal(free.status, 200);
    assert.deepEqual(free.body.body.result, { text: "\u0000" });
    assert.equal((await call().get(`${path}?state=%00`)).status, 422);
    assert.equal((await call().get(`${path}/%00`)).status, 422);
  });

  it("let __proto__ pollute nothing", async () => {
    const response = await post('{"name": "a", "__proto__": {"polluted": 1}}');
    assert.deepEqual(paths(response), ["__proto__"]);
    assert.equal((await post('{"name": "a", "data": {"__proto__": {"polluted": 1}, "constructor": 2}}')).status, 200);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });

  it("answer 415 to another type, charset or compression, and to none", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "nonsense", ""]) {
      const response = await post('{"name": "a"}', { "Content-Type": type });
      assert.equal(response.status, 415, type);
      assert.equal(response.body.code, "unsupported_media_type");
    }
    assert.equal((await post('{"name": "a"}', { "Content-Type": "application/json; charset=utf-16" })).status, 415);
    assert.equal((await post('{"name": "a"}', { "Content-Type": 'application/json; charset="UTF-8"' })).status, 200);
    assert.equal((await post(gzipSync('{"name": "a"}'), { "Content-Encoding": "gzip" })).status, 415);
    assert.equal((await post('{"name": "a"}', { "Content-Encoding": "br" })).status, 415);
  });

  it("answer 413 to a body over the limit, by its length or as it comes", async () => {
    const large = JSON.stringify({ name: "a", data: "x".repeat(30_000) });
    assert.equal((await post(large)).status, 413);
    const chunked = await fetch(api.url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${api.project.ownerKey}` },
      body: new Blob([large]).stream(),
      duplex: "half",
    });
    assert.equal(chunked.status, 413);
    assert.equal(((await chunked.json()) as { code: string }).code, "payload_too_large");
  });

  it("answer 422 to no body where one is needed, and take none or {} where none is", async () => {
    assert.equal((await call().post(path)).status, 422);
    assert.equal((await call().post(`${path}/switch`)).status, 204);
    assert.equal((await call().post(`${path}/switch`).send({})).status, 204);
    assert.deepEqual(paths(await call().post(`${path}/switch`).send({ force: true })), ["force"]);
  });

  it("answer 422 to a bad page, cursor or unknown query parameter", async () => {
    const wrong: Record<string, string> = {
      "limit=0": "limit",
      "limit=1000000000": "limit",
      "limit=x": "limit",
      "limit=": "limit",
      "limit=1.5": "limit",
      "limit=1&limit=2": "limit",
      "cursor=x": "cursor",
      "cursor=": "cursor",
      [`cursor=${Buffer.from(toWireId("source", api.ctx.newId())).toString("base64url")}`]: "cursor",
      "state=other": "state",
      "sort=asc": "sort",
    };
    for (const [query, field] of Object.entries(wrong)) {
      const response = await call().get(`${path}?${query}`);
      assert.equal(response.status, 422, query);
      assert.deepEqual(paths(response), [field], query);
    }
    const id = api.ctx.newId();
    const cursor = Buffer.from(toWireId("key", id)).toString("base64url");
    const good = await call().get(`${path}?limit=200&cursor=${cursor}`);
    assert.deepEqual(good.body.body, { limit: 200, cursor: id });
    assert.equal((await call().get(path)).body.body.limit, 50);
  });

  it("answer 422 to ids that are none, or of another kind, and 400 to a path that does not decode", async () => {
    for (const id of [
      "x",
      api.ctx.newId(),
      toWireId("source", api.ctx.newId()),
      "key_01h2xcejqtf2nbrexx3vqjhp4",
      "key_zzzzzzzzzzzzzzzzzzzzzzzzzz",
    ]) {
      const response = await call().get(`${path}/${id}`);
      assert.equal(response.status, 422, id);
      assert.deepEqual(paths(response), ["id"]);
    }
    assert.equal((await call().get(`${path}/%ff`)).status, 400);
    assert.equal((await call().get(`${path}/%`)).status, 400);
  });

  it("hand bytes on as they came, and let their answer run nothing in a browser", async () => {
    const bytes = Buffer.from([0, 1, 0xff, 0x3c]);
    const put = (body: Buffer) =>
      call().put(`${path}/a/bytes`).set("Content-Type", "application/x-anything").send(body);
    const response = await put(bytes)
      .buffer(true)
      .parse((stream, done) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => done(null, Buffer.concat(chunks)));
      });
    assert.equal(response.status, 200);
    assert.deepEqual(response.body, bytes);
    assert.match(String(response.headers["content-security-policy"]), /sandbox/);
    assert.equal(response.headers["x-content-type-options"], "nosniff");
    assert.equal((await put(Buffer.alloc(1_001))).status, 413);
    assert.equal(
      (await call().post("/api/v1/markdown").set("Content-Type", "text/markdown").send("# Hi")).body.body,
      "# Hi",
    );
    assert.equal((await call().post("/api/v1/markdown").set("Content-Type", "text/html").send("# Hi")).status, 415);
  });

  it("answer 404 to unknown paths, and 405 with Allow to other methods", async () => {
    for (const unknown of ["/api/v1/nothing", "/api/v1", "/api/v1/echo/a/b/c", "/API/v1/echo", "/index.php"]) {
      const response = await call().get(unknown);
      assert.equal(response.status, 404, unknown);
      assert.equal(response.body.code, "not_found");
    }
    const wrong = await call().delete(path);
    assert.equal(wrong.status, 405);
    assert.equal(wrong.body.code, "method_not_allowed");
    assert.equal(wrong.headers["allow"], "GET, HEAD, OPTIONS, POST");
    assert.equal(
      (
        await call()
          .post(`${path}/${toWireId("key", api.ctx.newId())}`)
          .send({})
      ).status,
      405,
    );
    assert.equal((await call().post("/healthz")).status, 405);
    const options = await call().options(path);
    assert.equal(options.status, 204);
    assert.equal(options.headers["allow"], "GET, HEAD, OPTIONS, POST");
    const head = await call().head(path);
    assert.equal(head.status, 200);
    assert.equal(head.text, undefined);
  });

  it("say nothing of a bug but its request id", async () => {
    const response = await call().post("/api/v1/fail").send({ how: "bug" });
    assert.equal(response.status, 500);
    assert.equal(response.body.code, "internal_error");
    assert.ok(!response.text.includes("secret"));
    assert.equal(response.body.requestId, response.headers["x-request-id"]);
  });

  it("come in their order: the credential before anything that is sent", async () => {
    const response = await supertest(api.url).post(path).set("Content-Type", "text/plain").send("x".repeat(30_000));
    assert.equal(response.status, 401);
  });
});
