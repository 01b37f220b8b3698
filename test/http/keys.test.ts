import assert from "node:assert/strict";
import supertest from "supertest";
import { createProject } from "../../src/access/create-project.ts";
import { revokeKey } from "../../src/access/revoke-key.ts";
import { roles } from "../../src/access/roles.ts";
import { fromWireId, toWireId } from "../../src/lib/ids.ts";
import { adminKey, startTestApi, type TestApi } from "./test-api.ts";

describe("The keys of a project", () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const call = (key: string) => supertest.agent(api.url).auth(key, { type: "bearer" });
  const issue = (key: string, body: object) => call(key).post("/api/v1/keys").send(body);

  it("are shown once and then listed without their secret", async () => {
    const owner = call(api.project.ownerKey);
    const issued = await issue(api.project.ownerKey, { name: "CI", role: "developer" });
    assert.equal(issued.status, 201);
    assert.match(issued.body.key, /^hky_[0-9A-Za-z]{33}$/);
    assert.match(issued.body.id, /^key_/);
    assert.ok(!("agents" in issued.body) && !("expiresAt" in issued.body));

    const { key, ...rest } = issued.body;
    assert.deepEqual((await owner.get(`/api/v1/keys/${issued.body.id}`)).body, rest);
    const listed = await owner.get("/api/v1/keys");
    assert.ok(!listed.text.includes(key));
    assert.deepEqual(listed.body.data[0], rest);
  });

  it("list by pages, newest first, until there is no next cursor", async () => {
    const project = await createProject(api.ctx, "Pages");
    for (const name of ["one", "two", "three", "four"]) await issue(project.ownerKey, { name, role: "viewer" });
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await call(project.ownerKey)
        .get("/api/v1/keys")
        .query({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      assert.equal(page.status, 200);
      names.push(...page.body.data.map((key: { name: string }) => key.name));
      cursor = page.body.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(names, ["four", "three", "two", "one", "First owner"]);
  });

  it("do not reach into another project: 404 to read and to revoke", async () => {
    const other = await createProject(api.ctx, "Other");
    const foreign = (await api.keyFor("viewer")).id;
    assert.equal((await call(other.ownerKey).get(`/api/v1/keys/${foreign}`)).status, 404);
    assert.equal((await call(other.ownerKey).delete(`/api/v1/keys/${foreign}`)).status, 404);
    assert.equal((await call(adminKey).get(`/api/v1/keys/${foreign}`)).status, 404);
    assert.equal((await call(api.project.ownerKey).get(`/api/v1/keys/${foreign}`)).status, 200);
  });

  it("end at once when revoked, together with their tokens, and may be revoked again", async () => {
    const { id, key } = await api.keyFor("admin");
    const { token } = (await call(key).post("/api/v1/tokens")).body;
    assert.equal((await call(key).get("/api/v1/keys")).status, 200);
    assert.equal((await call(token).get("/api/v1/keys")).status, 200);
    for (const time of [1, 2])
      assert.equal((await call(api.project.ownerKey).delete(`/api/v1/keys/${id}`)).status, 204, `time ${time}`);
    assert.equal((await call(key).get("/api/v1/keys")).status, 401);
    assert.equal((await call(token).get("/api/v1/keys")).status, 401);
    const shown = await call(api.project.ownerKey).get(`/api/v1/keys/${id}`);
    assert.ok(Date.parse(shown.body.revokedAt) > 0);
  });

  it("end at their expiry, which must lie ahead", async () => {
    const expiresAt = new Date(api.ctx.clock.now() + 60_000).toISOString();
    const { body } = await issue(api.project.ownerKey, { name: "Short", role: "viewer", expiresAt });
    assert.equal(body.expiresAt, expiresAt);
    assert.equal((await call(body.key).get("/api/v1/keys")).status, 200);
    api.ctx.clock.advanceBy(60);
    assert.equal((await call(body.key).get("/api/v1/keys")).status, 401);
    const past = await issue(api.project.ownerKey, { name: "Short", role: "viewer", expiresAt });
    assert.equal(past.status, 422);
    assert.equal(past.body.errors[0].path, "expiresAt");
  });

  it("name their agents when they are workers'", async () => {
    const without = await issue(api.project.ownerKey, { name: "W", role: "worker" });
    assert.equal(without.status, 422);
    assert.equal(without.body.errors[0].path, "agents");
    assert.equal((await issue(api.project.ownerKey, { name: "W", role: "worker", agents: [] })).status, 422);
    const named = await issue(api.project.ownerKey, { name: "W", role: "worker", agents: ["triage"] });
    assert.deepEqual(named.body.agents, ["triage"]);
  });

  it("are issued by no role to a stronger one", async () => {
    for (const role of roles) {
      const { key } = await api.keyFor(role);
      const mayIssue = role === "owner" || role === "admin";
      const viewer = await issue(key, { name: "V", role: "viewer" });
      assert.equal(viewer.status, mayIssue ? 201 : 403, role);
      const owner = await issue(key, { name: "O", role: "owner" });
      assert.equal(owner.status, role === "owner" ? 201 : 403, role);
      assert.equal(
        (await call(key).delete(`/api/v1/keys/${toWireId("key", api.ctx.newId())}`)).status,
        mayIssue ? 404 : 403,
      );
    }
  });

  it("of owners are revoked by owners alone, and never the last one", async () => {
    const project = await createProject(api.ctx, "Last owner");
    const first = (await call(project.ownerKey).get("/api/v1/keys")).body.data[0].id;
    const admin = (await issue(project.ownerKey, { name: "A", role: "admin" })).body;
    assert.equal((await call(admin.key).delete(`/api/v1/keys/${first}`)).status, 403);
    const refused = await call(project.ownerKey).delete(`/api/v1/keys/${first}`);
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, "last_owner_key");

    const second = (await issue(project.ownerKey, { name: "Second", role: "owner" })).body;
    const asOwner = (id: string) => ({
      ...api.ctx,
      actor: { ...api.ctx.actor, id: fromWireId("key", id) ?? "", projectId: project.id },
    });
    const both = await Promise.allSettled([
      revokeKey(asOwner(first), fromWireId("key", second.id) ?? ""),
      revokeKey(asOwner(second.id), fromWireId("key", first) ?? ""),
    ]);
    const refusals = both.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
    assert.deepEqual(refusals, ["last_owner_key"]);
  });

  it("of the default project's owners may all be revoked by HOOKYARD_ADMIN_KEY, which stays", async () => {
    const { body } = await issue(adminKey, { name: "Only", role: "owner" });
    assert.equal((await call(adminKey).delete(`/api/v1/keys/${body.id}`)).status, 204);
  });

  it("leave their traces in the audit log, without secrets", async () => {
    const project = await createProject(api.ctx, "Audit");
    const { body } = await issue(project.ownerKey, { name: "Traced", role: "viewer" });
    await call(project.ownerKey).delete(`/api/v1/keys/${body.id}`);
    const log = await call(project.ownerKey).get("/api/v1/audit");
    assert.equal(log.status, 200);
    const entries = log.body.data.map(({ action, target }: { action: string; target: string }) => [action, target]);
    assert.deepEqual(entries.slice(0, 2), [
      ["key.revoke", body.id],
      ["key.create", body.id],
    ]);
    assert.match(log.body.data[0].actor.id, /^key_/);
    assert.equal(log.body.data.at(-1).actor.kind, "system");
    assert.ok(!log.text.includes(body.key));
    const next = await call(project.ownerKey).get("/api/v1/audit").query({ limit: 1 });
    const second = await call(project.ownerKey).get("/api/v1/audit").query({ limit: 1, cursor: next.body.nextCursor });
    assert.equal(second.body.data[0].action, "key.create");
  });
});
