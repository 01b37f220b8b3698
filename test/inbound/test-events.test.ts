import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { codeSubjects } from "../conformance/code-subject.ts";
import { subjects } from "../conformance/subject.ts";
import { github, openSource, standardWebhooks, storedOf, stripe } from "./senders.ts";

describe("testing a source", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
    await test.call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" } });
    const route = { name: "all", agent: "triager", task: { input: "${event.type}" } };
    assert.equal((await test.call("POST", "/api/v1/routes", route)).status, 201);
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  const testOf = (id: string, input?: object, call = test.call) => call("POST", `/api/v1/sources/${id}/test`, input);

  it("stores an event as the provider would send it, and routes it", async () => {
    const { id, url } = await openSource(test, github);
    const { status, body } = await testOf(id);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body.type, body.tasks, body.held], ["issues.opened", 1, false]);
    assert.match(body.deliveryId, /^test_/);
    assert.deepEqual([body.request.method, body.request.url], ["POST", url]);
    assert.equal(body.request.headers["X-GitHub-Event"], "issues");
    const event = (await test.call("GET", `/api/v1/events/${body.eventId}`)).body;
    assert.deepEqual([event.deliveryId, event.sourceId, event.bodySize], [body.deliveryId, id, body.request.bodySize]);
    assert.equal(event.tasks.length, 1);
    // Each is a new one.
    assert.notEqual((await testOf(id)).body.eventId, body.eventId);
  });

  it("tells no secret and no signature", async () => {
    for (const sender of [github, stripe, standardWebhooks]) {
      const { id } = await openSource(test, sender);
      const { status, body } = await testOf(id);
      assert.equal(status, 200);
      const shown = Object.entries<string>(body.request.headers).filter(([name]) => /signature/i.test(name));
      assert.deepEqual(
        shown.map(([, value]) => value),
        ["(left out)"],
      );
      assert.ok(!JSON.stringify(body).includes(sender.secret));
    }
  });

  it("takes another type and another payload, where the provider's events can have them", async () => {
    const { id } = await openSource(test, github);
    const payload = { action: "closed", pull_request: { number: 7, title: "a\u0000b" } };
    const { status, body } = await testOf(id, { type: "pull_request.reopened", payload });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.type, "pull_request.reopened");
    const stored = (await test.call("GET", `/api/v1/events/${body.eventId}/body`)).body;
    assert.deepEqual(stored, { ...payload, action: "reopened" });
    assert.equal((await testOf(id, { type: "push" })).body.errors?.[0].path, "type", "the sample has an action");
    assert.equal((await testOf(id, { type: "push", payload: {} })).body.type, "push");
    const other = await openSource(test, stripe);
    assert.equal((await testOf(other.id, { type: "invoice.paid" })).body.type, "invoice.paid");
    assert.equal((await testOf(id, { payload: "text" })).status, 422);
    assert.equal((await testOf(id, { types: "x" })).status, 422);
  });

  it("goes the way of every request: held while paused, refused where the settings would refuse it", async () => {
    const { id } = await openSource(test, github);
    await test.call("POST", `/api/v1/sources/${id}/pause`);
    const { body } = await testOf(id);
    assert.deepEqual([body.held, body.tasks], [true, 0]);
    await test.call("PATCH", `/api/v1/sources/${id}`, { enabled: false });
    assert.deepEqual([(await testOf(id)).status, (await testOf(id)).body.code], [409, "source_disabled"]);
  });

  it("never takes the place of a delivery", async () => {
    const source = await openSource(test, stripe);
    const { body } = await testOf(source.id);
    const sent = (await test.call("GET", `/api/v1/events/${body.eventId}/body`)).body;
    assert.equal(storedOf(await source.send({ body: JSON.stringify({ ...sent, id: "evt_1" }) })).duplicate, false);
  });

  it("says why it cannot sign where only the provider can", async () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const secret = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
    const input = { name: "x", provider: "discord", secrets: [secret] };
    const { body: source } = await test.call("POST", "/api/v1/sources", input);
    const { status, body } = await testOf(source.id);
    assert.deepEqual([status, body.code], [409, "not_signable"]);
    assert.match(body.detail, /public key/);
  });

  it("is for those who may configure the source, of the same project, and is audited", async () => {
    const { id } = await openSource(test, github);
    for (const role of ["operator", "viewer"])
      assert.equal((await testOf(id, {}, test.as(await test.keyFor(role)))).status, 403, role);
    assert.equal((await testOf(id, {}, await test.inAnotherProject())).status, 404);
    const { body } = await testOf(id, {}, test.as(await test.keyFor("developer")));
    const [entry] = (await test.call("GET", "/api/v1/audit?limit=1")).body.data;
    assert.deepEqual([entry.action, entry.target, entry.detail], ["source.test", id, { eventId: body.eventId }]);
  });

  for (const { provider, newSecret, verifier, sample } of codeSubjects())
    it(`can be done for ${provider.id}, or it says why not`, async () => {
      const secret = newSecret();
      const made = await test.call("POST", "/api/v1/sources", { name: "x", provider: provider.id, secrets: [secret] });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { status, body } = await testOf(made.body.id);
      if (verifier.sign === undefined) {
        assert.deepEqual([status, body.code], [409, "not_signable"]);
        return;
      }
      assert.deepEqual([status, body.type], [200, sample.eventType], JSON.stringify(body));
      assert.ok(!JSON.stringify(body).includes(secret));
    });

  for (const { title, provider, newSecret, method, sample } of subjects())
    it(`can be done for ${title}, or it says why not`, async () => {
      const secret = newSecret().text;
      const input = { name: "x", provider: provider.id, secrets: [secret] };
      const made = await test.call("POST", "/api/v1/sources", input);
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { status, body } = await testOf(made.body.id);
      const isPublic = /^(ed25519|ecdsa|rsa)/.test(method.algorithm);
      assert.deepEqual([status, body.code], isPublic ? [409, "not_signable"] : [200, undefined], JSON.stringify(body));
      if (isPublic) return;
      assert.equal(body.type, sample.eventType);
      assert.ok(!JSON.stringify(body).includes(secret));
    });
});
