import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createLogger } from "../../src/platform/logger.ts";
import { clientOf, startTestHub, type TestHub } from "../support/test-hub.ts";

const token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";

describe("the secret that Notion hands over", () => {
  let test: TestHub;
  const lines: string[] = [];
  before(async () => {
    test = await startTestHub({ log: createLogger("debug", { write: (line: string) => void lines.push(line) }) });
  });
  after(() => test[Symbol.asyncDispose]());

  async function makeSource(provider = "notion", secrets: readonly string[] = []) {
    const { status, body } = await test.call("POST", "/api/v1/sources", { name: "Pages", provider, secrets });
    assert.equal(status, 201);
    const path = `/api/v1/sources/${body.id}`;
    return {
      id: String(body.id),
      path: `${path}/reveal-secret`,
      view: async () => (await test.call("GET", path)).body,
      handOver: async (secret = token) =>
        assert.equal((await clientOf(body.url, undefined)("POST", "", { verification_token: secret })).status, 200),
    };
  }

  it("is shown once, and the source says where it stands", async () => {
    const source = await makeSource();
    assert.equal((await source.view()).handedOverSecret, undefined);
    const early = await test.call("POST", source.path);
    assert.deepEqual([early.status, early.body.code], [409, "nothing_handed_over"]);
    await source.handOver();
    assert.equal((await source.view()).handedOverSecret, "waiting");

    const shown = await test.call("POST", source.path);
    assert.deepEqual([shown.status, shown.body], [200, { secret: token }]);
    assert.equal(shown.headers.get("cache-control"), "no-store");
    assert.equal((await source.view()).handedOverSecret, "revealed");
    const again = await test.call("POST", source.path);
    assert.deepEqual([again.status, again.body.code], [409, "already_revealed"]);
    // Notion sends it again when it is asked to: the answer is a success, and the hub shows it no second time.
    await source.handOver();
    assert.equal((await test.call("POST", source.path)).body.code, "already_revealed");

    const audit = (await test.call("GET", "/api/v1/audit")).body.data;
    const entries = audit.filter((entry: { target: string }) => entry.target === source.id);
    assert.equal(entries.filter((entry: { action: string }) => entry.action === "source.reveal_secret").length, 1);
    assert.ok(!JSON.stringify([audit, lines, await source.view()]).includes(token));
  });

  it("is shown to one of many who ask at once", async () => {
    const source = await makeSource();
    await source.handOver();
    const answers = await Promise.all(Array.from({ length: 6 }, () => test.call("POST", source.path)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal(answers.filter(({ body }) => body.code === "already_revealed").length, 5);
  });

  it("is shown again to a repeat under the same Idempotency-Key, which keeps it sealed", async () => {
    const source = await makeSource();
    await source.handOver();
    const headers = { "idempotency-key": randomUUID() };
    for (let time = 1; time <= 2; time += 1)
      assert.deepEqual((await test.call("POST", source.path, undefined, headers)).body, { secret: token });
    const kept = await test.hub.services.db.query<{ response: Buffer | null }>(
      { text: "SELECT response FROM idempotency_keys" },
      [],
    );
    assert.ok(kept.length > 0 && kept.every(({ response }) => response !== null && !response.includes(token)));
  });

  it("is shown to owner and admin alone, and to nobody of another project", async () => {
    const source = await makeSource();
    await source.handOver();
    const worker = await test.keyFor("worker", ["triager"]);
    const others = await Promise.all(["operator", "developer", "viewer"].map((role) => test.keyFor(role)));
    for (const key of [worker, ...others]) assert.equal((await test.as(key)("POST", source.path)).status, 403);
    assert.equal((await (await test.inAnotherProject())("POST", source.path)).status, 404);
    assert.equal((await test.as(undefined)("POST", source.path)).status, 401);
    assert.equal((await test.as(await test.keyFor("admin"))("POST", source.path)).status, 200);
  });

  it("is neither what the owner brought, nor what nobody has to type in", async () => {
    const own = await makeSource("notion", [token]);
    const asana = await makeSource("asana");
    const handshake = { "x-hook-secret": "b537207f20cbfa02357cf448134da559" };
    const answer = await clientOf(test.url, undefined)("POST", `/in/${asana.id}`, {}, handshake);
    assert.equal(answer.status, 200);
    for (const source of [own, asana]) {
      assert.equal((await source.view()).handedOverSecret, undefined);
      assert.equal((await source.view()).liveSecrets.length, 1);
      assert.equal((await test.call("POST", source.path)).body.code, "nothing_handed_over");
    }
  });
});
