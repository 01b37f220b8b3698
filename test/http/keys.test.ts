import assert from "node:assert/strict";
import supertest from "supertest";
import { createProject } from "../../src/access/create-project.ts";
import { toWireId } from "../../src/lib/ids.ts";
import { adminKey, startTestApi, type TestApi } from "./test-api.ts";

describe("The keys of a project", () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const call = (key: string): supertest.Agent => supertest.agent(api.url).auth(key, { type: "bearer" });

  it("are shown once and list without their secret", async () => {
    const owner = call(api.project.ownerKey);
    const issued = await owner.post("/api/v1/keys").send({ name: "CI", role: "developer" });
    assert.equal(issued.status, 201);
    assert.match(issued.body.key, /^hky_[0-9A-Za-z]{33}$/);
    assert.match(issued.body.id, /^key_/);
    assert.ok(!("agents" in issued.body));

    const shown = await owner.get(`/api/v1/keys/${issued.body.id}`);
    const { key, ...rest } = issued.body;
    assert.deepEqual(shown.body, rest);
    const listed = await owner.get("/api/v1/keys");
    assert.ok(!listed.text.includes(key));
    assert.deepEqual(listed.body.data[0], rest);
  });
  void adminKey;
  void createProject;
  void toWireId;
});
