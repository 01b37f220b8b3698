import assert from "node:assert/strict";
import {
  accepted,
  githubSecret,
  githubSignature,
  json,
  nowSeconds,
  refused,
  sourceOf,
  standardHeaders,
  standardId,
  standardSecret,
  standardSignature,
  stripeSecret,
} from "./verify-support.ts";

const github = sourceOf("github", githubSecret);
const standard = sourceOf("standard-webhooks", standardSecret);
const stripe = sourceOf("stripe", stripeSecret);
const body = '{"action":"opened"}';
const good = githubSignature(body);

function withSignature(signature: string) {
  return { body, headers: [json, ["X-Hub-Signature-256", signature]] as const };
}

describe("bad input, rows 23-39: bodies", () => {
  const signed = (bytes: string | Buffer, contentType = "application/json") => ({
    body: bytes,
    headers: [["Content-Type", contentType], githubSignature(bytes)] as const,
  });

  it("23: signed, but no UTF-8", () => {
    const bytes = [
      [0x22, 0xff, 0x22],
      [0x22, 0xc3],
      [0xed, 0xa0, 0x80],
    ];
    for (const contentType of ["application/json", "text/plain"])
      for (const body of bytes) refused(github, signed(Buffer.from(body), contentType), "bad_utf8", 400);
  });

  it("24: a byte order mark", () => {
    refused(github, signed(Buffer.from("\uFEFF{}")), "byte_order_mark", 400);
  });

  it("25: not JSON where the provider sends JSON, declared so or not declared at all", () => {
    for (const text of ["not json", "{", "{} {}", "undefined", "{'a':1}", "NaN"])
      refused(github, signed(text), "not_json", 400);
    const bytes = "not json";
    refused(github, { body: bytes, headers: [githubSignature(bytes)] }, "not_json", 400);
    refused(github, signed("a=1", "application/x-www-form-urlencoded"), "not_json", 400);
    refused(github, signed("<a/>", "application/xml"), "not_json", 400);
  });

  it("25: a body is not looked at before its signature", () => {
    refused(github, { body: "{", headers: [json, good] }, "signature_mismatch");
  });

  it("26-28: NUL, a lone surrogate and 1e999999 in JSON are accepted", () => {
    assert.deepEqual(accepted(github, signed('{"a":"\\u0000"}')).body, { a: "\u0000" });
    assert.deepEqual(accepted(github, signed('{"a":"\\ud800"}')).body, { a: "\ud800" });
    assert.deepEqual(accepted(github, signed('{"a":1e999999}')).body, { a: Infinity });
  });

  it("29: nesting more than 512 levels deep is refused, whatever it calls itself; brackets in strings do not count", () => {
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    accepted(github, signed(nested(512)));
    for (const levels of [513, 10_000, 100_000]) refused(github, signed(nested(levels)), "too_deep", 400);
    refused(github, signed(nested(513), "text/plain"), "too_deep", 400);
    const form = `payload=${encodeURIComponent(nested(513))}`;
    refused(github, signed(form, "application/x-www-form-urlencoded"), "too_deep", 400);
    accepted(github, signed(JSON.stringify({ text: `\\"${"[{".repeat(10_000)}` })));
    accepted(github, signed(JSON.stringify(Array.from({ length: 10_000 }, () => [{}]))));
  });

  it("30-31: __proto__ pollutes nothing", () => {
    const text = '{"__proto__":{"action":"polluted"},"constructor":{"prototype":{"action":"x"}}}';
    const { eventType } = accepted(github, {
      body: text,
      headers: [json, githubSignature(text), ["X-GitHub-Event", "issues"]],
    });
    assert.equal(eventType, "issues");
    assert.equal(({} as { action?: string }).action, undefined);
  });

  it("33: a body with $& and the like verifies", () => {
    for (const text of ['{"a":"$& $1 $` $\' $$"}', '{"a":"${body} {body} %s"}']) {
      accepted(github, signed(text));
      const signature = standardSignature(standardId, String(nowSeconds), text);
      accepted(standard, { body: text, headers: standardHeaders(signature) });
    }
  });

  it("37: a text/plain body is verified on its bytes, and read as JSON where it is that", () => {
    assert.equal(accepted(github, signed("hello", "text/plain")).body, "hello");
    assert.deepEqual(accepted(github, signed('{"a":1}', "text/plain;charset=UTF-8")).body, { a: 1 });
    refused(github, { ...signed("hello", "text/plain"), body: "hallo" }, "signature_mismatch");
  });

  it("39: no body, unsigned and signed", () => {
    refused(github, { body: "", headers: [json] }, "missing_signature");
    refused(github, signed(""), "empty_body", 400);
  });

  it("40-42: NULs, endless headers and half a pair of a header do not throw", () => {
    refused(github, withSignature("\u0000"), "unknown_version");
    refused(github, withSignature(`sha256=\u0000${"0".repeat(63)}`), "malformed_signature");
    refused(github, withSignature("sha256=".repeat(100_000)), "malformed_signature");
    refused(standard, { body, headers: standardHeaders(" ".repeat(100_000)) }, "too_many_signatures");
    refused(stripe, { body, headers: [json, ["Stripe-Signature", "t=1,".repeat(9000)]] }, "bad_timestamp");
    refused(
      github,
      { body, headers: [json, ["X-Hub-Signature-256"] as unknown as [string, string]] },
      "missing_signature",
    );
  });
});
