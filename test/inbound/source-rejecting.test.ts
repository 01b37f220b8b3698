import assert from "node:assert/strict";
import type { Hub } from "../../src/hub.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { github, openSource, type SenderSource, storedOf } from "./senders.ts";

describe("source.rejecting", () => {
  let test: TestHub;
  let another: Hub;
  before(async () => {
    test = await startTestHub();
    another = await test.startAnother("web");
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  async function said({ id }: SenderSource) {
    await test.hub.processAll();
    await another.processAll();
    const { data } = (await test.call("GET", "/api/v1/messages?type=source.rejecting&limit=200")).body;
    const messages = [];
    for (const message of data) messages.push((await test.call("GET", `/api/v1/messages/${message.id}`)).body.data);
    return messages.filter(({ source }) => source.id === id).map(({ source }) => source);
  }

  async function fail(source: SenderSource, times: number, url = source.url): Promise<void> {
    for (let count = 0; count < times; count += 1)
      assert.equal((await source.send({ secret: github.otherSecret, url })).status, 401);
  }

  it("is said once when a source that used to verify fails five times in a row", async () => {
    const source = await openSource(test, github);
    storedOf(await source.send());
    await fail(source, 4);
    assert.deepEqual(await said(source), []);
    await fail(source, 1);
    const [message, ...more] = await said(source);
    assert.deepEqual(more, []);
    const { since, ...rest } = message;
    assert.deepEqual(rest, {
      id: source.id,
      name: "from github",
      provider: "github",
      reasons: { signature_mismatch: 5 },
    });
    assert.ok(Math.abs(Date.parse(since) - test.clock.now()) < 60_000);
    await fail(source, 12);
    assert.equal((await said(source)).length, 1);
  });

  it("stands in the source's view for as long as it lasts, also when nothing is said", async () => {
    const source = await openSource(test, github);
    const since = async () => {
      await test.hub.processAll();
      return (await test.call("GET", `/api/v1/sources/${source.id}`)).body.rejectingSince;
    };
    storedOf(await source.send());
    assert.equal(await since(), undefined);
    for (const alarms of [1, 1]) {
      await fail(source, 5);
      const rejectingSince = await since();
      assert.ok(Math.abs(Date.parse(rejectingSince) - test.clock.now()) < 60_000, "the second time within the hour");
      const { data } = (await test.call("GET", "/api/v1/sources?limit=200")).body;
      assert.equal(data.find(({ id }: { id: string }) => id === source.id).rejectingSince, rejectingSince);
      assert.equal((await said(source)).length, alarms);
      storedOf(await source.send());
      assert.equal(await since(), undefined);
    }
  });

  it("is said by one of two hubs that both see it", async () => {
    const source = await openSource(test, github);
    storedOf(await source.send());
    await test.hub.processAll();
    await fail(source, 5);
    await fail(source, 5, source.url.replace(test.url, another.url));
    await Promise.all([test.hub.processAll(), another.processAll()]);
    assert.equal((await said(source)).length, 1);
  });

  it("is said again only after it has verified in between, and an hour later", async () => {
    const source = await openSource(test, github);
    storedOf(await source.send());
    await fail(source, 5);
    assert.equal((await said(source)).length, 1);
    test.clock.advanceBy(3_601);
    await fail(source, 5);
    assert.equal((await said(source)).length, 1, "it has not verified");
    // On the other hub, which has not seen it fail.
    storedOf(await source.send({ url: source.url.replace(test.url, another.url) }));
    assert.equal((await said(source)).length, 1);
    await fail(source, 5);
    assert.equal((await said(source)).length, 2);
    storedOf(await source.send());
    assert.equal((await said(source)).length, 2);
    await fail(source, 5);
    assert.equal((await said(source)).length, 2, "within the hour");
  });

  it("is not said of a source that never verified, nor when an event came in between", async () => {
    const never = await openSource(test, github);
    await fail(never, 10);
    const mixed = await openSource(test, github);
    storedOf(await mixed.send());
    for (let count = 0; count < 3; count += 1) {
      await fail(mixed, 4);
      storedOf(await mixed.send());
    }
    assert.deepEqual([await said(never), await said(mixed)], [[], []]);
  });

  it("is not said of what has nothing to do with the secret, nor of strays over days", async () => {
    const source = await openSource(test, github);
    storedOf(await source.send());
    for (let count = 0; count < 10; count += 1)
      assert.equal((await source.send({ body: "no JSON", contentType: "application/json" })).status, 400);
    for (let count = 0; count < 10; count += 1) {
      await fail(source, 1);
      test.clock.advanceBy(3_700);
    }
    assert.deepEqual(await said(source), []);
  });
});
