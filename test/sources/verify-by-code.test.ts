import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { codeSubjectOf, verifyCode } from "../conformance/code-subject.ts";
import { nowMs, url } from "../conformance/subject.ts";

type Sent = Parameters<typeof verifyCode>[2];

const json = ["Content-Type", "application/json"] as const;
const form = ["Content-Type", "application/x-www-form-urlencoded"] as const;

function reasonOf(id: string, secrets: readonly string[], sent: Sent): string {
  const result = verifyCode(codeSubjectOf(id), secrets, sent);
  return result.ok ? "accepted" : result.reason;
}

function verified(id: string, secrets: readonly string[], sent: Sent) {
  const result = verifyCode(codeSubjectOf(id), secrets, sent);
  assert.ok(result.ok, result.ok ? "" : `refused as ${result.reason}`);
  return result;
}

describe("twilio", () => {
  const token = "an auth token";
  const signed = (signedUrl: string, parameters: string) =>
    [
      "X-Twilio-Signature",
      createHmac("sha1", token)
        .update(signedUrl + parameters)
        .digest("base64"),
    ] as const;

  it("verifies with the default port and without, whichever the source's URL has", () => {
    const withPort = url.replace("hub.example", "hub.example:443");
    const rawBody = Buffer.from("SmsStatus=sent&SmsSid=SM1");
    for (const theirs of [url, withPort])
      for (const ours of [url, withPort]) {
        const sent = { url: ours, headers: [form, signed(theirs, "SmsSidSM1SmsStatussent")], rawBody };
        assert.equal(verified("twilio", [token], sent).deliveryId, "SM1:sent");
      }
    const elsewhere = { headers: [form, signed(url.replace("hub", "hab"), "SmsSidSM1SmsStatussent")], rawBody };
    assert.equal(reasonOf("twilio", [token], elsewhere), "signature_mismatch");
  });

  it("takes a body that is no form only with its hash in the signed query", () => {
    const rawBody = Buffer.from('{"Sid":"EV1","EventType":"task.created"}');
    const query = `bodySHA256=${createHash("sha256").update(rawBody).digest("hex")}`;
    const headers = [json, signed(`${url}?${query}`, "")];
    assert.equal(verified("twilio", [token], { headers, rawBody, query }).eventType, "task.created");
    assert.equal(reasonOf("twilio", [token], { headers: [json, signed(url, "")], rawBody }), "bad_signed_value");
    assert.equal(reasonOf("twilio", [token], { headers, rawBody, query: "" }), "bad_signed_value");
    const twice = `${query}&${query}`;
    const doubled = { headers: [json, signed(`${url}?${twice}`, "")], rawBody, query: twice };
    assert.equal(reasonOf("twilio", [token], doubled), "bad_signed_value");
    const other = Buffer.from('{"Sid":"EV2","EventType":"task.created"}');
    assert.equal(reasonOf("twilio", [token], { headers, rawBody: other, query }), "signature_mismatch");
  });

  it("is answered with empty TwiML", () => {
    const delivery = codeSubjectOf("twilio").deliver(token);
    const { answer } = verified("twilio", [token], delivery);
    assert.deepEqual(answer?.contentType, "text/xml; charset=utf-8");
    assert.match(answer?.body ?? "", /<Response\/>$/);
  });
});

describe("asana", () => {
  const secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";

  it("has its secret echoed and handed over", () => {
    for (const secrets of [[], [secret]]) {
      const { handshake } = verified("asana", secrets, {
        headers: [["X-Hook-Secret", secret]],
        rawBody: Buffer.from("{}"),
      });
      assert.deepEqual(handshake?.headers, { "X-Hook-Secret": secret });
      assert.equal(handshake?.secret, secret);
      assert.equal(handshake?.body, "");
    }
  });

  it("is not heard with a secret that cannot be one, with two, or with one beside a wrong signature", () => {
    const ask = (...headers: (readonly [string, string])[]) =>
      reasonOf("asana", [], { headers, rawBody: Buffer.from("{}") });
    for (const bad of ["", "short", "a b".repeat(20), "é".repeat(32), "x".repeat(257)])
      assert.equal(ask(["X-Hook-Secret", bad]), "no_live_secret", bad);
    assert.equal(ask(["X-Hook-Secret", secret], ["X-Hook-Secret", secret]), "duplicate_signature_header");
    assert.equal(ask(["X-Hook-Secret", secret], ["X-Hook-Signature", "00"]), "no_live_secret");
  });

  it("has a heartbeat answered, and no event made of it, when it is signed", () => {
    const rawBody = Buffer.from('{"events":[]}');
    const signature = createHmac("sha256", secret).update(rawBody).digest("hex");
    const { handshake } = verified("asana", [secret], { headers: [json, ["X-Hook-Signature", signature]], rawBody });
    assert.equal(handshake?.status, 200);
    assert.equal(reasonOf("asana", [secret], { headers: [json], rawBody }), "missing_signature");
  });
});

describe("mailgun", () => {
  const secret = "key-0123456789";
  const time = String(nowMs / 1000);
  const token = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0";
  const signature = createHmac("sha256", secret)
    .update(time + token)
    .digest("hex");

  it("verifies the older form as well, and its token is the delivery id", () => {
    const rawBody = Buffer.from(new URLSearchParams({ event: "opened", timestamp: time, token, signature }).toString());
    const { deliveryId, eventType } = verified("mailgun", [secret], { headers: [form], rawBody });
    assert.deepEqual([deliveryId, eventType], [token, "opened"]);
  });

  it("gives another payload under the same signature the same id, so that it is a repeat", () => {
    const bodyOf = (event: string) =>
      JSON.stringify({ signature: { timestamp: time, token, signature }, "event-data": { event } });
    for (const event of ["delivered", "forged"])
      assert.equal(
        verified("mailgun", [secret], { headers: [json], rawBody: Buffer.from(bodyOf(event)) }).deliveryId,
        token,
      );
  });

  it("does not let the time and the token be cut elsewhere", () => {
    const cut = { timestamp: time.slice(0, 9), token: time.slice(9) + token, signature };
    const rawBody = Buffer.from(JSON.stringify({ signature: cut, "event-data": {} }));
    assert.equal(reasonOf("mailgun", [secret], { headers: [json], rawBody }), "bad_timestamp");
  });
});

describe("adyen", () => {
  // Signed by @adyen/api-library 32.1.0.
  const key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
  const item = {
    additionalData: { hmacSignature: "+8fLSvcDT9K1lqyuINF9UdqvMQGNPLtsz2RVYpbqIG0=" },
    amount: { currency: "EUR", value: 1130 },
    eventCode: "AUTHORISATION",
    eventDate: "2026-06-21T01:15:39+02:00",
    merchantAccountCode: "TestMerchant",
    merchantReference: "order: 4711\\",
    originalReference: "",
    paymentMethod: "visa",
    pspReference: "7914073381342284",
    reason: "",
    success: "true",
  };
  const sent = (...items: object[]) => ({
    headers: [json],
    rawBody: Buffer.from(
      JSON.stringify({
        live: "false",
        notificationItems: items.map((NotificationRequestItem) => ({ NotificationRequestItem })),
      }),
    ),
  });

  it("verifies what Adyen's own library signed, and is answered with [accepted]", () => {
    const { deliveryId, eventType, answer } = verified("adyen", [key], sent(item));
    assert.deepEqual([deliveryId, eventType], ["7914073381342284:AUTHORISATION:true", "AUTHORISATION"]);
    assert.deepEqual([answer?.status, answer?.body], [200, "[accepted]"]);
  });

  it("refuses a delivery of which one item is changed or not signed", () => {
    assert.equal(reasonOf("adyen", [key], sent(item, { ...item, success: "false" })), "signature_mismatch");
    assert.equal(reasonOf("adyen", [key], sent(item, { ...item, additionalData: {} })), "missing_signature");
    assert.equal(reasonOf("adyen", [key], sent(item, {})), "missing_signature");
  });

  it("refuses fields that the separator could be moved in", () => {
    const shifted = { ...item, merchantAccountCode: "TestMerchant:order", merchantReference: " 4711\\" };
    assert.equal(reasonOf("adyen", [key], sent(shifted)), "bad_signed_value");
  });
});

describe("microsoft-graph", () => {
  it("has its validation token echoed as text, only from the query of an empty POST", () => {
    const query = "validationToken=Validation%3A+Testing+%3Cb%3E+%26";
    const { handshake } = verified("microsoft-graph", ["state"], { query });
    assert.deepEqual(handshake, {
      status: 200,
      contentType: "text/plain; charset=utf-8",
      body: "Validation: Testing <b> &",
    });
    assert.equal(reasonOf("microsoft-graph", ["state"], { query, rawBody: Buffer.from("x") }), "missing_signature");
    assert.equal(reasonOf("microsoft-graph", ["state"], { query: `${query}&${query}` }), "missing_signature");
    assert.equal(reasonOf("microsoft-graph", ["state"], { query: "validationToken=" }), "missing_signature");
    assert.equal(
      reasonOf("microsoft-graph", ["state"], { query: `validationToken=${"x".repeat(5000)}` }),
      "missing_signature",
    );
  });

  it("refuses a delivery of which one item has another clientState", () => {
    const sent = (...states: unknown[]) => ({
      headers: [json],
      rawBody: Buffer.from(
        JSON.stringify({
          value: states.map((clientState, id) => ({ id: `${id}`, changeType: "updated", clientState })),
        }),
      ),
    });
    assert.equal(verified("microsoft-graph", ["state"], sent("state", "state")).deliveryId, "0,1");
    assert.equal(reasonOf("microsoft-graph", ["state"], sent("state", "other")), "signature_mismatch");
    for (const none of [undefined, null, "", 1, { state: 1 }])
      assert.equal(reasonOf("microsoft-graph", ["state"], sent("state", none)), "missing_signature");
  });
});

describe("jira-oauth", () => {
  const secret = "a client secret of some length";
  const now = nowMs / 1000;
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const sign = (claims: object, head: object = { alg: "HS256", typ: "JWT" }, key = secret) => {
    const unsigned = `${encode(head)}.${encode(claims)}`;
    return `${unsigned}.${createHmac("sha256", key).update(unsigned).digest("base64url")}`;
  };
  const reason = (credential: string) =>
    reasonOf("jira-oauth", [secret], {
      headers: [json, ["Authorization", credential]],
      rawBody: Buffer.from('{"webhookEvent":"jira:issue_created"}'),
    });

  it("takes a token of an OAuth app and of a Connect app", () => {
    assert.equal(reason(`Bearer ${sign({ exp: now + 60 })}`), "accepted");
    assert.equal(reason(`JWT ${sign({ iat: now, exp: now + 60, qsh: "context-qsh" })}`), "accepted");
  });

  it("refuses any other algorithm, an unknown crit, and a token without an end or out of its time", () => {
    const good = { exp: now + 60 };
    assert.equal(reason(`Bearer ${encode({ alg: "none" })}.${encode(good)}.`), "malformed_signature");
    for (const head of [{ alg: "none" }, { alg: "HS512" }, { alg: "RS256" }, {}, { alg: "HS256", crit: ["b64"] }])
      assert.equal(reason(`Bearer ${sign(good, head)}`), "unknown_version", JSON.stringify(head));
    assert.equal(reason(`Bearer ${sign(good, undefined, "another client secret")}`), "signature_mismatch");
    assert.equal(reason(`Bearer ${sign({})}`), "bad_timestamp");
    assert.equal(reason(`Bearer ${sign({ exp: "9999999999" })}`), "bad_timestamp");
    assert.equal(reason(`Bearer ${sign({ exp: now - 61 })}`), "stale_timestamp");
    assert.equal(reason(`Bearer ${sign({ iat: now - 360 })}`), "accepted");
    assert.equal(reason(`Bearer ${sign({ iat: now - 361 })}`), "stale_timestamp");
    assert.equal(reason(`Bearer ${sign({ exp: null, iat: now })}`), "bad_timestamp");
    assert.equal(reason(`Bearer ${sign({ ...good, iat: now + 61 })}`), "future_timestamp");
    assert.equal(reason(`Bearer ${sign({ ...good, nbf: now + 61 })}`), "future_timestamp");
    assert.equal(reason(sign(good)), "malformed_signature");
  });

  it("refuses a token that was made for another URL", () => {
    const hashOf = (path: string) => createHash("sha256").update(`POST&${path}&`).digest("hex");
    for (const path of ["/in/src_1", "/src_1", "/"])
      assert.equal(reason(`JWT ${sign({ exp: now + 60, qsh: hashOf(path) })}`), "accepted", path);
    assert.equal(reason(`JWT ${sign({ exp: now + 60, qsh: hashOf("/in/src_2") })}`), "bad_signed_value");
    assert.equal(reason(`JWT ${sign({ exp: now + 60, qsh: 1 })}`), "bad_signed_value");
  });
});
