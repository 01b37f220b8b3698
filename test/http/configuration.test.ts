import assert from "node:assert/strict";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";

const agent = { name: "triage", runner: { type: "pull" } };

/** What each resource takes to be made, changed, and changed back. */
const resources = [
  ["sources", { name: "Hub", provider: "github", secrets: ["s"] }, { name: "Renamed" }, { limits: null }],
  [
    "routes",
    { name: "All", agent: "triage", task: { input: "Do it" } },
    { match: { type: ["push"] } },
    { wenn: "true" },
  ],
  ["subscribers", { name: "Acme" }, { externalId: "acme" }, { isDefault: true }],
  ["endpoints", { url: "https://receiver.example/" }, { eventTypes: ["task.completed"] }, { secret: "x" }],
  ["agents", { ...agent, name: "other / 日本" }, { team: "support" }, { name: "x" }],
] as const;

function paths(answer: TestAnswer): unknown {
  return answer.body.errors?.map(({ path }: { path: string }) => path);
}

describe("the configuration calls", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
    await test.call("POST", "/api/v1/agents", agent);
  });
  after(() => test[Symbol.asyncDispose]());

  for (const [resource, input, change, badChange] of resources)
    it(`make, read, list, change and delete ${resource}`, async () => {
      const base = `/api/v1/${resource}`;
      const made = await test.call("POST", base, input);
      assert.equal(made.status, 201);
      const { secret: _, ...shown } = made.body;
      const path = `${base}/${resource === "agents" ? encodeURIComponent(shown.name) : shown.id}`;
      assert.deepEqual((await test.call("GET", path)).body, shown);
      const list = await test.call("GET", `${base}?limit=1`);
      assert.deepEqual(list.body.data, [shown]);

      const changed = await test.call("PATCH", path, change);
      assert.equal(changed.status, 200);
      const kept = { updatedAt: shown.updatedAt, ...("version" in shown ? { version: 2 } : {}) };
      assert.deepEqual({ ...changed.body, updatedAt: shown.updatedAt }, { ...shown, ...change, ...kept });
      const refused = await test.call("PATCH", path, badChange);
      assert.deepEqual([refused.status, paths(refused)], [422, Object.keys(badChange)]);

      const stranger = await test.inAnotherProject();
      for (const [method, body] of [["GET"], ["PATCH", change], ["DELETE"]] as const)
        assert.equal((await stranger(method, path, body)).status, 404);
      const viewer = test.as(await test.keyFor("viewer"));
      assert.equal((await viewer("GET", path)).status, 200);
      for (const [method, body] of [["PATCH", change], ["DELETE"]] as const)
        assert.equal((await viewer(method, path, body)).status, 403);
      assert.equal((await viewer("POST", base, input)).status, 403);

      assert.equal((await test.call("DELETE", path)).status, 204);
      assert.equal((await test.call("GET", path)).status, 404);
    });

  it("name the field of an id, a cursor and a limit that are none", async () => {
    for (const [path, field] of [
      ["/api/v1/sources/nonsense", "id"],
      ["/api/v1/routes/src_01h2xcejqtf2nbrexx3vqjhp41", "id"],
      ["/api/v1/endpoints/0190b5a4-0000-7000-8000-000000000000", "id"],
      ["/api/v1/agents?cursor=nonsense", "cursor"],
      ["/api/v1/routes?limit=0", "limit"],
      ["/api/v1/subscribers?limit=1000000000", "limit"],
      ["/api/v1/endpoints?page=2", "page"],
    ] as const) {
      const answer = await test.call("GET", path);
      assert.deepEqual([answer.status, paths(answer)], [422, [field]], path);
    }
  });

  it("page through a list by its cursor", async () => {
    const call = await test.inAnotherProject();
    const ids: string[] = [];
    for (const name of ["a", "b", "c", "d", "e"])
      ids.unshift((await call("POST", "/api/v1/agents", { ...agent, name })).body.id);
    const seen: string[] = [];
    let cursor = "";
    do {
      const { body } = await call("GET", `/api/v1/agents?limit=2${cursor}`);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor === undefined ? "" : `&cursor=${body.nextCursor}`;
    } while (cursor !== "");
    assert.deepEqual(seen, ids);
  });

  it("rotate an endpoint's secret, with and without a body, and switch it", async () => {
    const { body } = await test.call("POST", "/api/v1/endpoints", { url: "https://receiver.example/" });
    const path = `/api/v1/endpoints/${body.id}`;
    const rotated = await test.call("POST", `${path}/rotate-secret`);
    const again = await test.call("POST", `${path}/rotate-secret`, { expiresPreviousInSeconds: 0 });
    const secrets = [body.secret, rotated.body.secret, again.body.secret];
    assert.equal(new Set(secrets).size, 3);
    assert.ok(secrets.every((secret: string) => secret.startsWith("whsec_")));

    const operator = test.as(await test.keyFor("operator"));
    const disabled = await operator("POST", `${path}/disable`);
    assert.deepEqual([disabled.status, disabled.body.disabled, disabled.body.disabledReason], [200, true, "manual"]);
    const enabled = await operator("POST", `${path}/enable`);
    assert.deepEqual([enabled.status, enabled.body.disabled, enabled.body.disabledReason], [200, false, undefined]);
    assert.equal((await operator("POST", `${path}/rotate-secret`)).status, 403);
  });

  it("answer a repeated Idempotency-Key with the same endpoint and secret", async () => {
    const headers = { "idempotency-key": "the-same" };
    const input = { url: "https://receiver.example/once" };
    const first = await test.call("POST", "/api/v1/endpoints", input, headers);
    const second = await test.call("POST", "/api/v1/endpoints", input, headers);
    assert.equal(first.status, 201);
    assert.deepEqual([second.status, second.body], [201, first.body]);
  });

  it("list the providers", async () => {
    const { status, body } = await test.call("GET", "/api/v1/providers");
    assert.equal(status, 200);
    const github = body.data.find(({ id }: { id: string }) => id === "github");
    assert.equal(github.scheme.algorithm, "hmac-sha256");
    assert.equal((await test.as(undefined)("GET", "/api/v1/providers")).status, 401);
  });

  it("keep what a body names but its schema would lose", async () => {
    const answer = await test.call(
      "POST",
      "/api/v1/routes",
      Buffer.from('{"name": "x", "agent": "triage", "task": {"input": "x"}, "match": {"__proto__": {"type": ["x"]}}}'),
      { "content-type": "application/json" },
    );
    assert.deepEqual([answer.status, paths(answer)], [422, ["match.__proto__"]]);
  });
});
