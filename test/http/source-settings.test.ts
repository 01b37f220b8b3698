import assert from "node:assert/strict";
import { sign } from "@octokit/webhooks-methods";
import { startTestHub, type TestHub } from "../support/test-hub.ts";

describe("what a source's settings do to its senders", () => {
  let test: TestHub;
  let deliveries = 0;
  before(async () => {
    test = await startTestHub();
  });
  after(() => test[Symbol.asyncDispose]());

  async function makeSource(settings: object = {}): Promise<{ readonly path: string; readonly url: string }> {
    const input = { name: "Hub", provider: "github", secrets: ["first"], ...settings };
    const { status, body } = await test.call("POST", "/api/v1/sources", input);
    assert.equal(status, 201);
    return { path: `/api/v1/sources/${body.id}`, url: body.url };
  }

  async function send(url: string, secret: string): Promise<{ status: number; type: string | null; text: string }> {
    const body = JSON.stringify({ action: "opened" });
    deliveries += 1;
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-github-event": "issues",
        "x-github-delivery": `delivery-${deliveries}`,
        "x-hub-signature-256": await sign(secret, body),
      },
    });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  }

  it("answers as configured, from the change on", async () => {
    const { path, url } = await makeSource({ response: { status: 202, body: { ok: true } } });
    assert.deepEqual(await send(url, "first"), {
      status: 202,
      type: "application/json; charset=utf-8",
      text: '{"ok":true}',
    });
    await test.call("PATCH", path, { response: { body: "<Response/>", contentType: "text/xml" } });
    assert.deepEqual(await send(url, "first"), {
      status: 200,
      type: "text/xml; charset=utf-8",
      text: "<Response/>",
    });
    await test.call("PATCH", path, { response: { status: 204 } });
    assert.deepEqual([(await send(url, "first")).status, (await send(url, "first")).text], [204, ""]);
    await test.call("PATCH", path, { response: null });
    assert.match((await send(url, "first")).text, /^\{"eventId":"evt_/);
  });

  it("takes the previous secret for as long as the overlap lasts", async () => {
    const { path, url } = await makeSource();
    const rotated = await test.call("POST", `${path}/secrets`, { secret: "second", expiresPreviousInSeconds: 60 });
    assert.deepEqual([rotated.status, rotated.body.liveSecrets.length], [201, 2]);
    assert.deepEqual([(await send(url, "first")).status, (await send(url, "second")).status], [200, 200]);
    test.clock.advanceBy(61);
    assert.deepEqual([(await send(url, "first")).status, (await send(url, "second")).status], [401, 200]);
    await test.call("POST", `${path}/secrets`, { secret: "third", expiresPreviousInSeconds: 0 });
    assert.deepEqual([(await send(url, "second")).status, (await send(url, "third")).status], [401, 200]);
  });

  it("is unknown to senders while it is disabled and once it is deleted", async () => {
    const { path, url } = await makeSource({ enabled: false });
    const disabled = await send(url, "first");
    assert.equal(disabled.status, 404);
    await test.call("PATCH", path, { enabled: true });
    assert.equal((await send(url, "first")).status, 200);
    await test.call("DELETE", path);
    assert.equal((await send(url, "first")).status, 404);
  });

  it("has a limit of its own on a body", async () => {
    const { path, url } = await makeSource({ bodyLimitBytes: 4 });
    assert.equal((await send(url, "first")).status, 413);
    await test.call("PATCH", path, { bodyLimitBytes: null });
    assert.equal((await send(url, "first")).status, 200);
  });
});
