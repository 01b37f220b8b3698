import assert from "node:assert/strict";
import type { VerificationScheme } from "../../src/sources/verification-scheme.ts";
import { accepted, hmac, json, nowSeconds, refused, slackHeaders, slackSecret, sourceOf } from "./verify-support.ts";

const slack = sourceOf("slack", slackSecret);
const form = "application/x-www-form-urlencoded";

describe("slack's handshakes", () => {
  const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
  const verification = (text: unknown) => JSON.stringify({ token: "x", challenge: text, type: "url_verification" });

  it("answers a signed url_verification with its challenge, as text", () => {
    const body = verification(challenge);
    const { handshake } = accepted(slack, { body, headers: slackHeaders(body) });
    assert.deepEqual(handshake, { status: 200, contentType: "text/plain; charset=utf-8", body: challenge });
  });

  it("46: refuses a forged url_verification without a word of its challenge", () => {
    const body = verification(challenge);
    refused(slack, { body, headers: [json] }, "missing_signature");
    refused(slack, { body, headers: slackHeaders(body, "application/json", "guess") }, "signature_mismatch");
    refused(slack, { body, headers: slackHeaders(body), nowMs: (nowSeconds + 301) * 1000 }, "stale_timestamp");
  });

  it("46: a challenge containing HTML stays text", () => {
    const body = verification("<script>alert(1)</script>");
    const { handshake } = accepted(slack, { body, headers: slackHeaders(body) });
    assert.equal(handshake?.contentType, "text/plain; charset=utf-8");
    assert.equal(handshake?.body, "<script>alert(1)</script>");
  });

  it("refuses a signed url_verification without a challenge, or with an endless one", () => {
    for (const text of [undefined, null, "", {}, [], "x".repeat(5000)]) {
      const body = verification(text);
      refused(slack, { body, headers: slackHeaders(body) }, "bad_handshake", 400);
    }
  });

  it("answers a signed ssl_check with an empty 200", () => {
    const body = "ssl_check=1&token=x";
    const { handshake } = accepted(slack, { body, headers: slackHeaders(body, form) });
    assert.deepEqual(handshake, { status: 200, contentType: "text/plain; charset=utf-8", body: "" });
  });

  it("takes an ordinary event for none", () => {
    const body = '{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention","challenge":"x"}}';
    const verified = accepted(slack, { body, headers: slackHeaders(body) });
    assert.equal(verified.handshake, undefined);
    assert.equal(verified.eventType, "app_mention");
    assert.equal(verified.deliveryId, "Ev1");
  });
});

describe("handshakes of a declared scheme", () => {
  const raw: VerificationScheme = { algorithm: "hmac-sha256", header: "x-signature" };
  const sign = (secret: string, body: string) => ["x-signature", hmac(secret, body).toString("hex")] as const;

  it("signs a token of the body, as Zoom asks for", () => {
    const source = sourceOf(
      {
        ...raw,
        handshake: {
          match: { pointer: "/event", equals: "endpoint.url_validation" },
          respond: {
            json: {
              plainToken: { pointer: "/payload/plainToken" },
              encryptedToken: { hmac: "/payload/plainToken" },
            },
          },
        },
      },
      "zoom-secret",
    );
    const body = '{"event":"endpoint.url_validation","payload":{"plainToken":"q9ibPhGeRZ6ayx5WTrXjRw"}}';
    const { handshake } = accepted(source, { body, headers: [json, sign("zoom-secret", body)] });
    assert.equal(handshake?.contentType, "application/json");
    assert.deepEqual(JSON.parse(handshake?.body ?? ""), {
      plainToken: "q9ibPhGeRZ6ayx5WTrXjRw",
      encryptedToken: hmac("zoom-secret", "q9ibPhGeRZ6ayx5WTrXjRw").toString("hex"),
    });
    refused(source, { body, headers: [json, sign("guess", body)] }, "signature_mismatch");
  });

  it("answers literals by number or by header, as Discord and Twitch ask for", () => {
    const source = sourceOf(
      {
        ...raw,
        handshake: [
          { match: { pointer: "/type", equals: 0 }, respond: { status: 204 } },
          { match: { pointer: "/type", equals: 1 }, respond: { json: { type: 1, ok: true } } },
          { match: { header: "X-Message-Type", equals: "verify" }, respond: { text: { pointer: "/challenge" } } },
          { match: { pointer: "/events/0", exists: false }, respond: { text: "no events" } },
        ],
      },
      "s",
    );
    const answer = (body: string, ...headers: (readonly [string, string])[]) =>
      accepted(source, { body, headers: [json, sign("s", body), ...headers] }).handshake;
    assert.equal(answer('{"type":0}')?.status, 204);
    assert.equal(answer('{"type":1}')?.body, '{"type":1,"ok":true}');
    assert.equal(answer('{"type":"1","challenge":"c"}', ["x-message-type", "verify"])?.body, "c");
    assert.equal(answer('{"events":[]}')?.body, "no events");
    assert.equal(answer('{"events":[1]}'), undefined);
  });

  it("answers an unsigned introduction only where the scheme has one, as Notion sends it", () => {
    const introduction = sourceOf(
      {
        ...raw,
        handshake: { request: "unsigned", match: { pointer: "/verification_token", exists: true }, respond: {} },
      },
      "s",
    );
    const body = '{"verification_token":"secret_1"}';
    assert.equal(accepted(introduction, { body, headers: [json] }).handshake?.status, 200);
    refused(introduction, { body: "{}", headers: [json] }, "missing_signature");
    refused(introduction, { body: "{", headers: [json] }, "missing_signature");
    refused(introduction, { body, headers: [json, sign("guess", body)] }, "signature_mismatch");
    assert.equal(accepted(introduction, { body, headers: [json, sign("s", body)] }).handshake, undefined);
    refused(sourceOf(raw, "s"), { body, headers: [json] }, "missing_signature");
  });

  it("answers a GET that knows the verify token, as Meta sends it", () => {
    const source = sourceOf(
      {
        ...raw,
        handshake: {
          request: "get",
          match: { query: "hub.verify_token", equalsSecret: "verify_token:" },
          respond: { text: { query: "hub.challenge" } },
        },
      },
      "app-secret",
      "verify_token:meat&töken",
    );
    assert.equal(source.scheme.answersGet, true);
    const query = "hub.mode=subscribe&hub.challenge=%3Cb%3E1158201444&hub.verify_token=meat%26t%C3%B6ken";
    const { handshake } = accepted(source, { method: "GET", query });
    assert.deepEqual(handshake, { status: 200, contentType: "text/plain; charset=utf-8", body: "<b>1158201444" });
    refused(source, { method: "GET", query: query.replace("meat", "meet") }, "no_handshake");
    refused(source, { method: "GET", query: "hub.verify_token=meat%26t%C3%B6ken" }, "bad_handshake", 400);
    refused(source, { method: "GET" }, "no_handshake");
    const body = "{}";
    const byToken = [json, sign("meat&töken", body)] as const;
    refused(source, { body, headers: byToken }, "signature_mismatch");
  });

  it("echoes a GET challenge, as Dropbox sends it, and answers no other source's GET", () => {
    const source = sourceOf(
      {
        ...raw,
        handshake: {
          request: "get",
          match: { query: "challenge", exists: true },
          respond: { text: { query: "challenge" } },
        },
      },
      "s",
    );
    assert.equal(accepted(source, { method: "GET", query: "challenge=abc" }).handshake?.body, "abc");
    assert.equal(slack.scheme.answersGet, false);
    refused(slack, { method: "GET", query: "challenge=abc" }, "no_handshake");
  });
});
