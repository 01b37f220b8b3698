import assert from "node:assert/strict";
import {
  accepted,
  githubSecret,
  githubSignature,
  hmac,
  json,
  nowSeconds,
  sourceOf,
  standardBody,
  standardHeaders,
  standardId,
  standardPublicKey,
  standardSecret,
  stripeSecret,
  stripeSignature,
} from "./verify-support.ts";

const github = sourceOf("github", githubSecret);
const stripe = sourceOf("stripe", stripeSecret);
const body = '{"action":"opened"}';
const good = githubSignature(body);

describe("what an accepted request hands on", () => {
  it("a hash of the body as delivery id where there is none", () => {
    const { deliveryId } = accepted(github, { body, headers: [json, good] });
    assert.match(deliveryId, /^sha256:[0-9a-f]{64}$/);
  });

  it("an id from the body that is too long or has control characters becomes a hash of itself", () => {
    const idOf = (id: unknown) => {
      const text = JSON.stringify({ id, type: "t" });
      const header = `t=${nowSeconds},v1=${stripeSignature(nowSeconds, text)}`;
      return accepted(stripe, { body: text, headers: [json, ["Stripe-Signature", header]] }).deliveryId;
    };
    assert.equal(idOf("evt_1"), "evt_1");
    assert.equal(idOf(42), "42");
    const ids = ["x".repeat(257), `${"x".repeat(256)}y`, "a\u0000", "a\u0001", "\ud800", "\ud801", "a\u202eb"].map(
      idOf,
    );
    assert.equal(new Set(ids).size, ids.length, "different ids stay different");
    for (const id of ids) assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.match(idOf(Number.MAX_SAFE_INTEGER + 1), /^sha256:/, "two such ids would read as one");
    for (const id of ["", null, {}, ["evt"], 1.5, true]) assert.match(idOf(id), /^sha256:/);
  });

  it("an event type without control characters and with at most 200 of the others", () => {
    const typeOf = (type: unknown) => {
      const text = JSON.stringify({ type });
      const header = `t=${nowSeconds},v1=${stripeSignature(nowSeconds, text)}`;
      return accepted(stripe, { body: text, headers: [json, ["Stripe-Signature", header]] }).eventType;
    };
    assert.equal(typeOf("invoice.paid"), "invoice.paid");
    assert.equal(typeOf("a\r\nlevel=error\u0000\u2028b"), "alevel=errorb");
    assert.equal(typeOf("x".repeat(500)), "x".repeat(200));
    assert.equal(typeOf(`${"x".repeat(199)}😀`), "x".repeat(199));
    for (const type of [undefined, "", "\u0000", "  ", {}, null]) assert.equal(typeOf(type), "unknown");
  });

  it("allow-listed headers only, never the signature, with a repeated one joined", () => {
    const { headers, contentType } = accepted(github, {
      body,
      headers: [
        json,
        good,
        ["User-Agent", "GitHub-Hookshot/044aadd"],
        ["user-agent", "again\u0000"],
        ["Authorization", "Bearer x"],
        ["Cookie", "a=b"],
        ["X-Forwarded-For", "1.2.3.4"],
        ["X-GitHub-Delivery", "72d3162e"],
      ],
    });
    assert.deepEqual(
      { ...headers },
      {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/044aadd, again",
        "x-github-delivery": "72d3162e",
      },
    );
    assert.equal(Object.getPrototypeOf(headers), null);
    assert.equal(contentType, "application/json");
  });

  it("every signature is compared with every secret", () => {
    const old = `v1,${hmac(Buffer.alloc(24, 1), `${standardId}.${nowSeconds}.`, standardBody).toString("base64")}`;
    const source = sourceOf(
      "standard-webhooks",
      standardSecret,
      standardPublicKey,
      `whsec_${Buffer.alloc(24, 2).toString("base64")}`,
      `whsec_${Buffer.alloc(24, 1).toString("base64")}`,
    );
    accepted(source, { body: standardBody, headers: standardHeaders(`v1,garbage v9,x ${old}`) });
    const wrong = Buffer.alloc(32).toString("base64");
    accepted(source, { body: standardBody, headers: standardHeaders(`${old} v1,${wrong}`) });
    accepted(source, { body: standardBody, headers: standardHeaders(`v1,${wrong} ${old}`) });
  });

  it("nothing that only the prototype of the body has", () => {
    const source = sourceOf(
      {
        algorithm: "hmac-sha256",
        header: "x-signature",
        handshake: { match: { pointer: "/constructor", exists: true }, respond: {} },
      },
      "s",
    );
    const handshakeOf = (text: string) =>
      accepted(source, { body: text, headers: [json, ["x-signature", hmac("s", text).toString("hex")]] }).handshake;
    assert.equal(handshakeOf("{}"), undefined);
    assert.equal(handshakeOf('{"constructor":1}')?.status, 200);
  });
});
