import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import http from "node:http";
import jwt from "jsonwebtoken";
import supertest from "supertest";
import { generateApiKey } from "../../src/access/api-key.ts";
import { defaultProjectId } from "../../src/access/default-project.ts";
import type { IssuedApiKey } from "../../src/access/issue-key.ts";
import { fromWireId, toWireId } from "../../src/lib/ids.ts";
import { adminKey, startTestApi, type TestApi } from "./test-api.ts";

const path = "/api/v1/keys";

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

describe("Authentication of the API", () => {
  let api: TestApi;
  let viewer: IssuedApiKey;
  before(async () => {
    api = await startTestApi({ api: { failedAuthenticationsPerMinute: 10_000 } });
    viewer = await api.keyFor("viewer");
  });
  after(() => api[Symbol.asyncDispose]());

  const get = (authorization?: string) => {
    const request = supertest(api.url).get(path);
    return authorization === undefined ? request : request.set("Authorization", authorization);
  };

  it("answers 401 with WWW-Authenticate, and the same whatever is wrong", async () => {
    const details = new Set<string>();
    const refused = [undefined, "", "Bearer", `Basic ${btoa("a:b")}`, `Bearer ${viewer.key} x`, "Bearer x", viewer.key];
    for (const authorization of refused) {
      const response = await get(authorization);
      assert.equal(response.status, 401, authorization);
      assert.equal(response.headers["www-authenticate"], 'Bearer realm="hookyard"');
      assert.equal(response.type, "application/problem+json");
      assert.equal(response.body.code, "unauthenticated");
      details.add(response.body.detail);
    }
    assert.equal(details.size, 1);
  });

  it("takes API keys, whatever the case of Bearer, and HOOKYARD_ADMIN_KEY", async () => {
    assert.equal((await get(`Bearer ${viewer.key}`)).status, 200);
    assert.equal((await get(`bearer ${viewer.key}`)).status, 200);
    assert.equal((await get(`Bearer ${adminKey}`)).status, 200);
    assert.equal((await get(`Bearer ${adminKey}x`)).status, 401);
  });

  it("refuses a key with a wrong checksum, and the admin key's neighbours, without a database read", async () => {
    const { key } = generateApiKey();
    const wrong = key.slice(0, -1) + (key.endsWith("a") ? "b" : "a");
    const before = api.statements();
    for (const credential of [wrong, key.slice(0, -1), `${key}a`, adminKey.slice(1), "hky_"])
      assert.equal((await get(`Bearer ${credential}`)).status, 401);
    assert.equal(api.statements(), before);
    assert.equal((await get(`Bearer ${key}`)).status, 401);
    assert.equal(api.statements(), before + 1);
  });

  it("reads a key once for many calls, and again after ten seconds", async () => {
    const { key } = await api.keyFor("worker");
    const refused = async (): Promise<void> => assert.equal((await get(`Bearer ${key}`)).status, 403);
    await refused();
    const before = api.statements();
    await Promise.all(Array.from({ length: 20 }, refused));
    assert.equal(api.statements(), before);
    api.ctx.clock.advanceBy(11);
    await Promise.all([refused(), refused()]);
    assert.equal(api.statements(), before + 1);
  });

  it("refuses two Authorization headers, of which a proxy may have checked the other", async () => {
    const sent = (extra: readonly string[]) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = ["Host", `127.0.0.1:${api.port}`, "Authorization", `Bearer ${viewer.key}`, ...extra];
        http.get(api.url + path, { headers }, (response) => resolve(response.resume().statusCode)).on("error", reject);
      });
    assert.equal(await sent([]), 200);
    assert.equal(await sent(["authorization", "Bearer x"]), 401);
  });

  it("forbids roles what they lack", async () => {
    const worker = await api.keyFor("worker");
    const response = await get(`Bearer ${worker.key}`);
    assert.equal(response.status, 403);
    assert.equal(response.body.code, "forbidden");
  });

  describe("with tokens", () => {
    const claims = (): Record<string, unknown> => {
      const now = Math.floor(api.ctx.clock.now() / 1000);
      return {
        iss: "hookyard",
        aud: "hookyard-api",
        sub: viewer.id,
        prj: toWireId("project", api.project.id),
        role: "viewer",
        agents: "all",
        jti: randomUUID(),
        iat: now,
        exp: now + 600,
      };
    };
    const without = (...names: readonly string[]) =>
      Object.fromEntries(Object.entries(claims()).filter(([name]) => !names.includes(name)));
    // jsonwebtoken adds an iat where there is none.
    const sign = (payload: object, header: object = {}): string =>
      jwt.sign(payload, api.signingKey, { header: { alg: "HS256", kid: "1", ...header } });

    it("lets a good one in, with no more than its own role", async () => {
      assert.equal((await get(`Bearer ${sign(claims())}`)).status, 200);
      const worker = sign({ ...claims(), role: "worker" });
      assert.equal((await get(`Bearer ${worker}`)).status, 403);
    });

    it("refuses every forged, foreign or untimely one with 401", async () => {
      const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const pem = publicKey.export({ type: "spki", format: "pem" });
      const now = Math.floor(api.ctx.clock.now() / 1000);
      const unsigned = (alg: string) => `${encode({ alg, typ: "JWT", kid: "1" })}.${encode(claims())}.`;
      const bad: Record<string, () => string> = {
        "alg none": () => unsigned("none"),
        "alg NONE": () => unsigned("NONE"),
        "no signature": () => unsigned("HS256"),
        "HS256 with an RSA public key": () =>
          jwt.sign(claims(), Buffer.from(pem), { header: { alg: "HS256", kid: "1" } }),
        "no exp": () => sign(without("exp")),
        expired: () => sign({ ...claims(), iat: now - 700, exp: now - 1 }),
        "wrong aud": () => sign({ ...claims(), aud: "another" }),
        "missing aud": () => sign(without("aud")),
        "wrong iss": () => sign({ ...claims(), iss: "another" }),
        "missing iss": () => sign(without("iss")),
        "missing sub": () => sign(without("sub")),
        "future iat": () => sign({ ...claims(), iat: now + 300, exp: now + 600 }),
        "a life of a day": () => sign({ ...claims(), exp: now + 86_400 }),
        "unknown crit": () => sign(claims(), { crit: ["future"], future: 1 }),
        "unknown kid": () => sign(claims(), { kid: "2" }),
        "traversing kid": () => sign(claims(), { kid: "../../dev/null" }),
        jku: () => sign(claims(), { jku: "http://127.0.0.1:1/keys" }),
        "another project": () => sign({ ...claims(), prj: toWireId("project", defaultProjectId) }),
        "unknown key": () => sign({ ...claims(), sub: toWireId("key", api.ctx.newId()) }),
        "unknown role": () => sign({ ...claims(), role: "root" }),
      };
      for (const [name, make] of Object.entries(bad)) assert.equal((await get(`Bearer ${make()}`)).status, 401, name);
    });

    it("mints them for what the key has or less, and never for a token", async () => {
      const admin = await api.keyFor("admin");
      const mint = (key: string, body: object) =>
        supertest(api.url).post("/api/v1/tokens").auth(key, { type: "bearer" }).send(body);
      const own = await mint(admin.key, {});
      assert.equal(own.status, 201);
      assert.equal(own.body.role, "admin");
      assert.equal(Date.parse(own.body.expiresAt), Math.floor(api.ctx.clock.now() / 1000 + 900) * 1000);
      assert.equal((await mint(admin.key, { role: "owner" })).status, 403);
      assert.equal((await mint(viewer.key, { role: "viewer" })).status, 403);
      assert.equal((await mint(own.body.token, {})).status, 403);
      assert.equal((await mint(admin.key, { expiresInSeconds: 3601 })).status, 422);
      const worker = await mint(admin.key, { role: "worker", agents: ["triage"], expiresInSeconds: 60 });
      assert.deepEqual(worker.body.agents, ["triage"]);
      assert.equal((await get(`Bearer ${worker.body.token}`)).status, 403);
      api.ctx.clock.advanceBy(61);
      assert.equal((await get(`Bearer ${worker.body.token}`)).status, 401);
    });

    it("takes the admin key's own tokens", async () => {
      const minted = await supertest(api.url).post("/api/v1/tokens").auth(adminKey, { type: "bearer" });
      assert.equal(minted.status, 201);
      assert.equal(api.tokens.verify(minted.body.token, api.ctx.clock.now())?.subject, "bootstrap");
      assert.equal((await get(`Bearer ${minted.body.token}`)).status, 200);
    });
  });
});

describe("The limits of the API", () => {
  it("hold each credential to its rate, announced and with Retry-After", async () => {
    await using api = await startTestApi({ api: { rateLimitPerSecond: 1 } });
    const [one, two] = [await api.keyFor("viewer"), await api.keyFor("viewer")];
    const get = (key: string) => supertest(api.url).get(path).auth(key, { type: "bearer" });
    for (let count = 0; count < 10; count += 1) {
      const response = await get(one.key);
      assert.equal(response.status, 200);
      assert.match(String(response.headers["ratelimit"]), new RegExp(`^limit=10, remaining=${9 - count}, reset=\\d+$`));
    }
    const over = await get(one.key).set("X-Forwarded-For", "203.0.113.9");
    assert.equal(over.status, 429);
    assert.equal(over.body.code, "rate_limited");
    assert.ok(Number(over.headers["retry-after"]) >= 1);
    assert.equal((await get(two.key)).status, 200);
    const token = api.tokens.mint(
      {
        subject: fromWireId("key", one.id) ?? "",
        projectId: api.project.id,
        role: "viewer",
        agents: "all",
        expiresInSeconds: 60,
      },
      api.ctx.clock.now(),
    );
    assert.equal((await get(token.token)).status, 429, "a key's token shares its rate");
  });

  it("answer failures of one address with 429, unread, while good keys there go on", async () => {
    await using api = await startTestApi({ api: { failedAuthenticationsPerMinute: 3 } });
    const known = await api.keyFor("viewer");
    const get = (key: string) => supertest(api.url).get(path).auth(key, { type: "bearer" });
    assert.equal((await get(known.key)).status, 200);
    const spoofed = (count: number) => get(generateApiKey().key).set("X-Forwarded-For", `203.0.113.${count}`);
    for (let count = 0; count < 3; count += 1) assert.equal((await spoofed(count)).status, 401);
    const before = api.statements();
    const over = await spoofed(4);
    assert.equal(over.status, 429);
    assert.ok(Number(over.headers["retry-after"]) >= 1);
    assert.equal(api.statements(), before);
    api.ctx.clock.advanceBy(11);
    assert.equal((await get(known.key)).status, 200);
    assert.equal((await get(adminKey)).status, 200);
  });

  it("believe the address that as many proxies tell as there are", async () => {
    await using api = await startTestApi({ api: { failedAuthenticationsPerMinute: 1, trustedProxyHops: 1 } });
    const fail = (forwarded: string) => supertest(api.url).get(path).set("X-Forwarded-For", forwarded);
    assert.equal((await fail("203.0.113.1")).status, 401);
    assert.equal((await fail("203.0.113.2")).status, 401);
    assert.equal((await fail("198.51.100.7, 203.0.113.1")).status, 429);
  });
});
