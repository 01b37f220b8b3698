import assert from "node:assert/strict";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";
import { tablesWith } from "../support/database-contents.ts";
import {
  type Delivery,
  github,
  openSource,
  type SenderSource,
  senders,
  slack,
  standardWebhooks,
  stripe,
} from "./senders.ts";

describe("why a captured request does or does not verify", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  const check = (captured: object, call = test.call): Promise<TestAnswer> =>
    call("POST", "/api/v1/providers/verify", captured);

  function captured(source: SenderSource, delivery: Delivery = {}): object {
    const { headers, body } = source.sign(delivery);
    return { sourceId: source.id, url: source.url, headers, bodyBase64: body.toString("base64") };
  }

  for (const sender of senders) {
    it(`tells of one from ${sender.provider} that it verifies, and by which secret`, async () => {
      const source = await openSource(test, sender, { secrets: [sender.otherSecret, sender.secret] });
      const { status, body } = await check(captured(source, { id: "the-id" }));
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual([body.verified, body.reason, body.handshake], [true, undefined, false]);
      const method = body.methods.find(({ reason }: { reason?: string }) => reason === undefined);
      assert.deepEqual(
        method.comparisons.map(({ secret, matches }: { secret: number; matches: boolean }) => [secret, matches]),
        [
          [0, false],
          [1, true],
        ],
      );
      assert.equal((await test.call("GET", `/api/v1/events?sourceId=${source.id}`)).body.data.length, 0);
    });

    for (const [what, delivery] of [
      ["another secret", { secret: sender.otherSecret }],
      ["a changed body", { replaceBody: (body: Buffer) => Buffer.concat([body, Buffer.from(" ")]) }],
      ["no signature", { alter: (headers) => headers.filter(([name]) => name !== sender.signatureHeader) }],
      [
        "two signature headers",
        { alter: (headers) => [...headers, ...headers.filter(([name]) => name === sender.signatureHeader)] },
      ],
      [
        "a signature that is none",
        { alter: (headers) => headers.map(([name, value]) => [name, name === sender.signatureHeader ? "x" : value]) },
      ],
    ] as readonly (readonly [string, Delivery])[])
      it(`gives the reason that the log has for ${what} from ${sender.provider}`, async () => {
        const source = await openSource(test, sender);
        assert.equal((await source.send({ ...delivery, id: "i" })).status, 401);
        await test.hub.processAll();
        const [rejection] = (await test.call("GET", `/api/v1/sources/${source.id}/rejections`)).body.data;
        const { body } = await check(captured(source, { ...delivery, id: "i" }));
        assert.deepEqual([body.verified, body.reason], [false, rejection.reason]);
        if (!body.reason.startsWith("duplicate"))
          assert.ok(
            body.methods.some(({ reason }: { reason?: string }) => reason === rejection.reason),
            JSON.stringify(body.methods),
          );
        else assert.ok(body.headers.some(({ times }: { times: number }) => times === 2));
      });
  }

  it("shows which bytes are signed, and of an old one that its signature is right", async () => {
    const source = await openSource(test, slack);
    const timestamp = String(Math.floor(test.clock.now() / 1000) - 400);
    const { body } = await check(captured(source, { id: "Ev1", timestamp }));
    const [method] = body.methods;
    assert.deepEqual(
      [body.reason, method.reason, method.timestamp.text],
      ["stale_timestamp", "stale_timestamp", timestamp],
    );
    assert.ok(Math.abs(method.timestamp.skewSeconds + 400) <= 2);
    assert.deepEqual([method.timestamp.toleranceSeconds, method.comparisons[0].matches], [300, true]);
    const signed = `v0:${timestamp}:${slack.bodyOf("Ev1")}`;
    assert.deepEqual([method.signed.start, method.signed.size], [signed, Buffer.byteLength(signed)]);
    const then = new Date(Number(timestamp) * 1000).toISOString();
    const again = await check({ ...captured(source, { id: "Ev1", timestamp }), now: then });
    assert.equal(again.body.verified, true);
  });

  it("checks against a source that is not made yet", async () => {
    const source = await openSource(test, stripe);
    const { headers, body: bytes } = source.sign();
    const request = { headers: Object.fromEntries(headers), body: bytes.toString(), url: source.url };
    const good = await check({ provider: "stripe", secrets: [stripe.secret], ...request });
    assert.deepEqual([good.status, good.body.verified], [200, true]);
    const bad = await check({ provider: "stripe", secrets: [stripe.otherSecret], ...request });
    assert.deepEqual([bad.body.verified, bad.body.reason], [false, "signature_mismatch"]);
    const scheme = { algorithm: "hmac-sha256", header: "x-sig", signed: ["url", "body"] };
    const own = await check({ provider: "custom", verification: { scheme }, secrets: ["s"], ...request });
    assert.deepEqual([own.body.reason, own.body.signedUrl], ["missing_signature", source.url]);
    const { db } = test.hub.services;
    for (const secret of [stripe.secret, stripe.otherSecret]) assert.deepEqual(await tablesWith({ db }, secret), []);
  });

  it("tells neither a stored secret nor the signature that would have been right", async () => {
    const source = await openSource(test, standardWebhooks);
    const right = source.sign({ id: "msg_1" });
    const signature = right.headers.find(([name]) => /signature/.test(name))?.[1].slice("v1,".length) ?? "";
    const asked = captured(source, { id: "msg_1", secret: standardWebhooks.otherSecret });
    const { status, body } = await check(asked);
    assert.equal(status, 200);
    const text = JSON.stringify(body);
    const hex = Buffer.from(signature, "base64").toString("hex");
    for (const secret of [standardWebhooks.secret.slice("whsec_".length), signature, hex])
      assert.ok(!text.includes(secret), secret);
  });

  it("is for operators and those above them, within their project", async () => {
    const source = await openSource(test, github);
    for (const role of ["developer", "viewer"])
      assert.equal((await check(captured(source), test.as(await test.keyFor(role)))).status, 403, role);
    assert.equal((await check(captured(source), test.as(await test.keyFor("operator")))).body.verified, true);
    assert.equal((await check(captured(source), await test.inAnotherProject())).status, 404);
  });

  for (const [what, input, path] of [
    ["neither a source nor a provider", { headers: [] }, "provider"],
    ["an unknown provider", { provider: "gitlob", headers: [] }, "provider"],
    ["a secret that does not fit", { provider: "discord", secrets: ["x"], headers: [] }, "secrets.0"],
    ["two bodies", { provider: "github", headers: [], body: "a", bodyBase64: "YQ==" }, "body"],
    ["bytes that are not base64", { provider: "github", headers: [], bodyBase64: "!" }, "bodyBase64"],
  ] as const)
    it(`refuses ${what}`, async () => {
      const { status, body } = await check(input);
      assert.deepEqual([status, body.errors?.[0]?.path], [422, path], JSON.stringify(body));
    });
});
