import assert from "node:assert/strict";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { github, openSource, type SenderSource, storedOf } from "./senders.ts";

describe("a source that listens to some addresses only", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub({ settings: { api: { trustedProxyHops: 1 } } });
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  /** As the proxy in front, which is the test's client, passes it on. */
  const sendFrom = (source: SenderSource, forwardedFor: string, delivery = {}) =>
    source.send({ ...delivery, alter: (headers) => [...headers, ["X-Forwarded-For", forwardedFor]] });

  it("takes events from them, and gives all others the answer of a wrong signature", async () => {
    const source = await openSource(test, github, { allowedIps: ["192.0.2.0/24", "2001:db8::7"] });
    storedOf(await sendFrom(source, "192.0.2.77"));
    storedOf(await sendFrom(source, "2001:db8::7"));
    storedOf(await sendFrom(source, "::ffff:192.0.2.1"));
    const forged = await sendFrom(source, "192.0.2.77", { secret: github.otherSecret });
    for (const address of ["192.0.3.1", "2001:db8::8", "127.0.0.1"]) {
      const answer = await sendFrom(source, address);
      assert.deepEqual([answer.status, answer.body], [forged.status, forged.body]);
    }
    await test.hub.processAll();
    const { data } = (await test.call("GET", `/api/v1/sources/${source.id}/rejections`)).body;
    assert.deepEqual(
      data.map(({ reason, address }: { reason: string; address: string }) => [reason, address]),
      [
        ["ip_not_allowed", "127.0.0.1"],
        ["ip_not_allowed", "2001:db8::8"],
        ["ip_not_allowed", "192.0.3.1"],
        ["signature_mismatch", "192.0.2.77"],
      ],
    );
  });

  it("believes no more of X-Forwarded-For than the trusted proxies wrote", async () => {
    const source = await openSource(test, github, { allowedIps: ["192.0.2.1"] });
    assert.equal((await sendFrom(source, "192.0.2.1, 198.51.100.9")).status, 401);
    storedOf(await sendFrom(source, "198.51.100.9, 192.0.2.1"));
  });

  it("listens to all once that is cleared", async () => {
    const source = await openSource(test, github, { allowedIps: ["192.0.2.1"] });
    assert.equal((await source.send()).status, 401);
    const changed = await test.call("PATCH", `/api/v1/sources/${source.id}`, { allowedIps: null });
    assert.deepEqual([changed.status, "allowedIps" in changed.body], [200, false]);
    storedOf(await source.send());
  });

  for (const range of [
    "192.0.2.0/33",
    "192.0.2",
    "010.0.0.1",
    "10.0.0.0/08",
    "fe80::1%eth0",
    "::1/129",
    "any",
    "1.1.1.1/8/8",
    "",
  ])
    it(`refuses ${JSON.stringify(range)} in the list`, async () => {
      const input = { name: "x", provider: "github", secrets: ["x"], allowedIps: ["192.0.2.1", range] };
      const { status, body } = await test.call("POST", "/api/v1/sources", input);
      assert.deepEqual([status, body.errors?.[0]?.path], [422, "allowedIps.1"]);
    });
});
