import assert from "node:assert/strict";
import supertest from "supertest";
import type { IssuedApiKey } from "../../src/access/issue-key.ts";
import { adminKey, startTestApi, type TestApi } from "./test-api.ts";

describe("The client credentials grant", () => {
  let api: TestApi;
  let admin: IssuedApiKey;
  before(async () => {
    api = await startTestApi();
    admin = await api.keyFor("admin");
  });
  after(() => api[Symbol.asyncDispose]());

  const grant = (fields: Record<string, string>) =>
    supertest(api.url)
      .post("/api/v1/oauth/token")
      .type("form")
      .send({ grant_type: "client_credentials", ...fields });
  const credentials = () => ({ client_id: admin.id, client_secret: admin.key });

  it("gives a token for a key, as a form, as JSON, or as Basic", async () => {
    const json = supertest(api.url).post("/api/v1/oauth/token");
    const answers = [
      await grant(credentials()),
      await json.send({ grant_type: "client_credentials", ...credentials() }),
      await grant({}).auth(admin.id, admin.key),
    ];
    for (const { status, body, headers } of answers) {
      assert.equal(status, 200);
      assert.equal(body.token_type, "Bearer");
      assert.equal(body.scope, "admin");
      assert.ok(body.expires_in > 890 && body.expires_in <= 900);
      assert.equal(headers["cache-control"], "no-store");
      const used = await supertest(api.url).get("/api/v1/keys").auth(body.access_token, { type: "bearer" });
      assert.equal(used.status, 200);
    }
  });

  it("serves keys of every role, the admin key, and a lesser role as scope", async () => {
    const worker = await api.keyFor("worker");
    const own = await grant({ client_id: worker.id, client_secret: worker.key });
    assert.equal(own.body.scope, "worker");
    assert.deepEqual(api.tokens.verify(own.body.access_token, api.ctx.clock.now())?.agents, ["triage"]);
    assert.equal((await grant({ client_id: "bootstrap", client_secret: adminKey })).status, 200);
    const lesser = await grant({ ...credentials(), scope: "viewer" });
    assert.equal(api.tokens.verify(lesser.body.access_token, api.ctx.clock.now())?.role, "viewer");
    for (const scope of ["owner", "root", "viewer operator"])
      assert.equal((await grant({ ...credentials(), scope })).body.error, "invalid_scope", scope);
  });

  it("decodes Basic as RFC 6749 wants it, and leaves a plus alone", async () => {
    const encoded = encodeURIComponent(adminKey).replaceAll("-", "%2D");
    assert.equal((await grant({}).auth("bootstrap", encoded)).status, 200);
  });

  it("answers 401 invalid_client to whatever is not a live key with its id", async () => {
    const { body } = await grant(credentials());
    const wrong = [
      grant({}),
      grant({ client_id: admin.id }),
      grant({ client_id: admin.id, client_secret: "x" }),
      grant({ client_id: "key_01h2xcejqtf2nbrexx3vqjhp41", client_secret: admin.key }),
      grant({ client_id: admin.id, client_secret: body.access_token }),
      grant({}).set("Authorization", "Basic !"),
      grant({}).set("Authorization", `Bearer ${admin.key}`),
    ];
    for (const response of await Promise.all(wrong)) {
      assert.equal(response.status, 401);
      assert.equal(response.body.error, "invalid_client");
      assert.match(String(response.headers["www-authenticate"]), /^Basic /);
    }
  });

  it("answers 400 in RFC 6749's form to what it cannot read", async () => {
    const repeated = supertest(api.url).post("/api/v1/oauth/token").type("form");
    assert.equal((await repeated.send("grant_type=client_credentials&grant_type=x")).body.error, "invalid_request");
    assert.equal((await supertest(api.url).post("/api/v1/oauth/token")).body.error, "invalid_request");
    assert.equal((await grant({ grant_type: "password" })).body.error, "unsupported_grant_type");
    const twice = await grant(credentials()).auth(admin.id, admin.key);
    assert.equal(twice.status, 400);
    assert.equal(twice.body.error, "invalid_request");
    const typed = supertest(api.url).post("/api/v1/oauth/token").type("text/plain").send("grant_type=x");
    assert.equal((await typed).status, 415);
  });

  it("counts failures against the address", async () => {
    await using limited = await startTestApi({ api: { failedAuthenticationsPerMinute: 1 } });
    const attempt = () =>
      supertest(limited.url)
        .post("/api/v1/oauth/token")
        .send({ grant_type: "client_credentials", client_id: "x", client_secret: "y" });
    assert.equal((await attempt()).status, 401);
    assert.equal((await attempt()).status, 429);
  });
});
