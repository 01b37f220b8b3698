import assert from "node:assert/strict";
import {
  accepted,
  githubSecret,
  json,
  nowSeconds,
  slackSecret,
  sourceOf,
  standardBody,
  standardHeaders,
  standardId,
  standardPublicKey,
  standardSecret,
  stripeSecret,
} from "./verify-support.ts";

describe("published signature vectors", () => {
  it("github", () => {
    const { body } = accepted(sourceOf("github", githubSecret), {
      body: "Hello, World!",
      headers: [
        ["Content-Type", "text/plain"],
        ["X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"],
      ],
    });
    assert.equal(body, "Hello, World!");
  });

  it("standard-webhooks v1", () => {
    const headers = standardHeaders("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    const verified = accepted(sourceOf("standard-webhooks", standardSecret), { body: standardBody, headers });
    assert.equal(verified.deliveryId, standardId);
    assert.deepEqual(verified.body, { test: 2432232314 });
  });

  it("standard-webhooks v1a, beside a v1 that this source has no secret for", () => {
    const v1a = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    const source = sourceOf("standard-webhooks", standardPublicKey);
    accepted(source, { body: standardBody, headers: standardHeaders(v1a) });
    accepted(source, { body: standardBody, headers: standardHeaders(`v1,AAAA ${v1a}`) });
    const wrong = `v1a,${Buffer.alloc(64).toString("base64")}`;
    accepted(source, { body: standardBody, headers: standardHeaders(`${v1a} ${wrong}`) });
    accepted(source, { body: standardBody, headers: standardHeaders(`${wrong} ${v1a}`) });
  });

  it("stripe", () => {
    accepted(sourceOf("stripe", stripeSecret), {
      body: '{\n  "id": "evt_test_webhook",\n  "object": "event"\n}',
      headers: [
        json,
        ["Stripe-Signature", `t=${nowSeconds},v1=af4ead0627a34a8cca29808e8de9ada8e41a92e6237c63cef6eacf51d36cca34`],
      ],
    });
  });

  // https://docs.slack.dev/authentication/verifying-requests-from-slack, "Validating a request"
  it("slack", () => {
    const { eventType } = accepted(sourceOf("slack", slackSecret), {
      nowMs: 1_531_420_618_000,
      body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
      headers: [
        ["Content-Type", "application/x-www-form-urlencoded"],
        ["X-Slack-Request-Timestamp", "1531420618"],
        ["X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"],
      ],
    });
    assert.equal(eventType, "/webhook-collect");
  });

  it("HMAC of timestamp.body, as a custom scheme", () => {
    const source = sourceOf(
      {
        algorithm: "hmac-sha256",
        header: "X-Signature",
        signed: [{ header: "X-Timestamp" }, { literal: "." }, "body"],
        timestamp: { from: { header: "X-Timestamp" } },
      },
      "SuperSecret123",
    );
    accepted(source, {
      nowMs: 1_565_125_718_000,
      body: '{"test":"body"}',
      headers: [
        json,
        ["X-Timestamp", "1565125718"],
        ["X-Signature", "854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7"],
      ],
    });
  });
});
