import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import supertest from "supertest";
import { openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { echoOperations } from "./echo-operations.ts";
import { startTestApi, type TestApi } from "./test-api.ts";

/** Sends text over a connection of its own and gives back all that comes until the server closes it. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  socket.write(text);
  await once(socket, "close");
  return received;
}

describe("The HTTP server", () => {
  let api: TestApi;
  let isReady = true;
  const lines: Record<string, unknown>[] = [];
  before(async () => {
    api = await startTestApi({
      operations: echoOperations().operations,
      inbound: { headersTimeoutSeconds: 0.3, requestTimeoutSeconds: 0.6 },
      log: createLogger("info", { write: (line) => void lines.push(JSON.parse(line)) }),
      readiness: () => (isReady ? Promise.resolve() : Promise.reject(new Error("the database is away"))),
    });
  });
  after(() => api[Symbol.asyncDispose]());

  it("tells programs that it is healthy, and shows browsers a page", async () => {
    const json = await supertest(api.url).get("/");
    assert.equal(json.status, 200);
    assert.equal(json.body.status, "healthy");
    assert.equal(json.body.version, "0.0.0-test");
    const page = await supertest(api.url).get("/").set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    assert.equal(page.type, "text/html");
    assert.match(page.text, /href="\/docs"/);
    assert.match(String(page.headers["content-security-policy"]), /default-src 'none'; style-src 'sha256-/);
  });

  it("lives, and is ready as long as it can serve", async () => {
    assert.equal((await supertest(api.url).get("/healthz")).status, 200);
    assert.equal((await supertest(api.url).get("/readyz")).status, 200);
    isReady = false;
    assert.equal((await supertest(api.url).get("/readyz")).status, 503);
    isReady = true;
    assert.equal((await supertest(api.url).get("/healthz")).status, 200);
  });

  it("shows Prometheus its metrics, requests counted by their route", async () => {
    const path = "/api/v1/keys/key_01h2xcejqtf2nbrexx3vqjhp41";
    await supertest(api.url).get(path).auth(api.project.ownerKey, { type: "bearer" });
    const { text, type } = await supertest(api.url).get("/metrics");
    assert.equal(type, "text/plain");
    assert.match(text, /hookyard_api_requests_total\{method="GET",route="\/api\/v1\/keys\/\{id\}",status="404"\} 1/);
    assert.ok(!text.includes(api.project.id));
  });

  it("writes one line for each request, without its credential, and none for probes", async () => {
    lines.length = 0;
    const sent = supertest(api.url).post("/api/v1/fail").auth(api.project.ownerKey, { type: "bearer" });
    const response = await sent.send({ how: "bug" });
    await supertest(api.url).get("/healthz");
    await supertest(api.url).get("/api/v1/keys/x");
    assert.equal(lines.length, 2);
    const [failed, refused] = lines;
    assert.equal(failed?.["requestId"], response.headers["x-request-id"]);
    assert.equal(failed?.["path"], "/api/v1/fail");
    assert.equal(failed?.["status"], 500);
    assert.match(String(failed?.["actor"]), /^key_/);
    assert.match(JSON.stringify(failed?.["err"]), /a bug with a secret in it.*stack/);
    assert.equal(refused?.["code"], "unauthenticated");
    assert.equal(refused["path"], "/api/v1/keys/{id}");
    assert.ok(!JSON.stringify(lines).includes(api.project.ownerKey));
  });

  it("aborts what a client no longer waits for", async () => {
    lines.length = 0;
    const client = new AbortController();
    const gone = fetch(`${api.url}/api/v1/slow`, {
      method: "POST",
      headers: { Authorization: `Bearer ${api.project.ownerKey}`, "Content-Type": "application/json" },
      body: '{"milliseconds": 60000}',
      signal: client.signal,
    });
    await delay(100);
    client.abort();
    await assert.rejects(gone, { name: "AbortError" });
    for (let turn = 0; lines.length === 0 && turn < 100; turn += 1) await delay(10);
    assert.equal(lines[0]?.["status"], 499);
  });

  it("does not say what it is made of, and keeps browsers safe", async () => {
    const { headers } = await supertest(api.url).get("/api/v1/keys");
    assert.equal(headers["x-powered-by"], undefined);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["content-security-policy"], "default-src 'none';frame-ancestors 'none'");
  });

  it("answers 400 to requests that two servers could read in two ways", async () => {
    const start = "POST /api/v1/echo HTTP/1.1\r\nHost: a\r\n";
    const bad = [
      `${start}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${start}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd`,
      `${start}X-A: a\0b\r\n\r\n`,
      "GET / HTTP/1.1\r\n\r\n",
    ];
    for (const text of bad) assert.match(await exchange(api.port, text), /^HTTP\/1.1 400 /, JSON.stringify(text));
  });

  it("answers 431 to 20 kB of headers and to too many of them", async () => {
    const start = "GET / HTTP/1.1\r\nHost: a\r\n";
    assert.match(await exchange(api.port, `${start}X-A: ${"a".repeat(20_000)}\r\n\r\n`), /^HTTP\/1.1 431 /);
    assert.match(await exchange(api.port, `${start}${"a:b\r\n".repeat(2_000)}\r\n`), /^HTTP\/1.1 431 /);
    assert.match(
      await exchange(api.port, `${start}${"a:b\r\n".repeat(100)}Connection: close\r\n\r\n`),
      /^HTTP\/1.1 200 /,
    );
  });

  it("answers 408 to slow headers and to a slow body", async () => {
    const start = "POST /api/v1/echo HTTP/1.1\r\nHost: a\r\n";
    const headers = `${start}Authorization: Bearer ${api.project.ownerKey}\r\nContent-Type: application/json\r\n`;
    const [slowHeaders, slowBody] = await Promise.all([
      exchange(api.port, start),
      exchange(api.port, `${headers}Content-Length: 100\r\n\r\n{`),
    ]);
    assert.match(slowHeaders, /^HTTP\/1.1 408 /);
    assert.match(slowBody, /^HTTP\/1.1 408 /);
  });
});

describe("A server that stops", () => {
  const slow = (api: TestApi, milliseconds: number, agent: http.Agent) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ body: string; connection: string | undefined }>();
    const request = http.request(`${api.url}/api/v1/slow`, {
      agent,
      method: "POST",
      headers: { Authorization: `Bearer ${api.project.ownerKey}`, "Content-Type": "application/json" },
    });
    request.on("error", reject).on("response", (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString())).on("error", reject);
      response.on("end", () => resolve({ body, connection: response.headers.connection }));
    });
    request.end(JSON.stringify({ milliseconds }));
    return promise;
  };

  it("wakes those who wait, answers them, and closes idle connections at once", async () => {
    const api = await startTestApi({ operations: echoOperations().operations });
    const silent = net.connect(api.port, "127.0.0.1");
    const silentClosed = once(silent, "close");
    const idleAgent = new http.Agent({ keepAlive: true });
    const idle = await slow(api, 1, idleAgent);
    assert.equal(idle.connection, "keep-alive");
    const agent = new http.Agent({ keepAlive: true });
    const waiting = slow(api, 60_000, agent);
    await delay(100);
    const startedAt = performance.now();
    await Promise.all([api.server.close(5_000), silentClosed]);
    const { body, connection } = await waiting;
    assert.match(body, /aborted/);
    assert.equal(connection, "close");
    assert.ok(performance.now() - startedAt < 1_000);
    await assert.rejects(fetch(api.url), TypeError);
    await api[Symbol.asyncDispose]();
  });

  it("cuts off what is not done by the deadline", async () => {
    const api = await startTestApi({ operations: echoOperations().operations });
    const socket = net.connect(api.port, "127.0.0.1");
    const head = `POST /api/v1/slow HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${api.project.ownerKey}\r\n`;
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`);
    await delay(100);
    const closed = once(
      socket.on("error", () => {}),
      "close",
    );
    const startedAt = performance.now();
    await api.server.close(200);
    await closed;
    const took = performance.now() - startedAt;
    assert.ok(took >= 190 && took < 1_000, `${took} ms`);
    await api[Symbol.asyncDispose]();
  });

  it("answers 503 with Retry-After while the database is away", async () => {
    const away = openDatabase("postgres://nobody@127.0.0.1:1/none", 1, createLogger("silent"));
    await using api = await startTestApi({ keyDatabase: away });
    const response = await supertest(api.url).get("/api/v1/keys").auth(api.project.ownerKey, { type: "bearer" });
    await away.close();
    assert.equal(response.status, 503);
    assert.equal(response.body.code, "database_unavailable");
    assert.ok(Number(response.headers["retry-after"]) > 0);
  });

  it("says so when its address is taken", async () => {
    await using api = await startTestApi();
    const taken = api.server.listen(api.port, "127.0.0.1");
    await assert.rejects(taken, { code: "ERR_SERVER_ALREADY_LISTEN" });
  });
});
