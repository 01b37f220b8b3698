import assert from "node:assert/strict";
import { z } from "zod";
import { verificationScheme } from "../../src/sources/verification-scheme.ts";

const plain = { algorithm: "hmac-sha256", header: "x-signature" };
const list = { ...plain, itemSeparator: ",", keyValueSeparator: "=", field: "v1" };

function problemPaths(scheme: unknown): readonly string[] {
  const result = verificationScheme.safeParse(scheme);
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join("."));
}

describe("a verification scheme", () => {
  it("needs no more than an algorithm and a header", () => {
    assert.deepEqual(problemPaths(plain), []);
    assert.deepEqual(problemPaths({ algorithm: "hmac-sha256" }), ["header"]);
    assert.deepEqual(problemPaths({ header: "x" }), ["algorithm"]);
  });

  const mistakes: readonly (readonly [string, unknown, string])[] = [
    ["an unknown field", { ...plain, encodng: "hex" }, ""],
    ["an unknown algorithm", { ...plain, algorithm: "md5" }, "algorithm"],
    ["a header name with a space", { ...plain, header: "x signature" }, "header"],
    ["a signature both in a header and in the body", { ...plain, algorithm: "static", pointer: "/a" }, "header"],
    ["an HMAC within what it signs", { algorithm: "hmac-sha256", pointer: "/signature" }, "pointer"],
    ["a field without separators", { ...plain, field: "v1" }, "field itemSeparator"],
    ["a field without itemSeparator", { ...plain, field: "v1", keyValueSeparator: "=" }, "itemSeparator"],
    ["a signed field without separators", { ...plain, signed: [{ field: "t" }, "body"] }, "signed.0"],
    ["a signed field that is the signature", { ...list, signed: [{ field: "v1" }, "body"] }, "signed.0"],
    ["a signed header that is the signature", { ...plain, signed: ["body", { header: "X-Signature" }] }, "signed.1"],
    ["an unsigned body", { ...plain, signed: [{ literal: "a" }] }, "signed"],
    ["a body signed twice", { ...plain, signed: ["body", "body"] }, "signed"],
    ["an unknown token", { ...plain, signed: ["body", "host"] }, "signed.1"],
    ["an unsigned timestamp", { ...plain, timestamp: { from: { header: "x-time" } } }, "timestamp.from"],
    ["an unsigned timestamp field", { ...list, timestamp: { from: { field: "t" } } }, "timestamp.from"],
    [
      "a tolerance of nothing",
      { ...plain, timestamp: { from: { pointer: "/t" }, toleranceSeconds: 0 } },
      "timestamp.toleranceSeconds",
    ],
    ["static with signed content", { ...plain, algorithm: "static", signed: ["body"] }, "signed"],
    ["static with a timestamp", { ...plain, algorithm: "static", timestamp: { from: { pointer: "/t" } } }, "timestamp"],
    ["a kept signature", { ...plain, keepHeaders: ["accept", "X-SIGNATURE"] }, "keepHeaders.1"],
    ["a kept credential", { ...plain, keepHeaders: ["Authorization"] }, "keepHeaders.0"],
    ["a kept cookie", { ...plain, keepHeaders: ["cookie"] }, "keepHeaders.0"],
    ["an id from a credential", { ...plain, deliveryId: { header: "authorization" } }, "deliveryId"],
    [
      "a type from the signature",
      { ...plain, eventType: { joined: [{ pointer: "/a" }, { header: "x-signature" }] } },
      "eventType",
    ],
    ["a pointer that is none", { ...plain, deliveryId: { pointer: "id" } }, "deliveryId.pointer"],
    [
      "a mistake in an alternative",
      { ...plain, alternatives: [plain, { ...plain, field: "v1" }] },
      "alternatives.1.field alternatives.1.itemSeparator",
    ],
    ["a match of nothing", { ...plain, handshake: { match: { pointer: "/a" }, respond: {} } }, "handshake.match"],
    [
      "a match in two places",
      { ...plain, handshake: [{ match: { pointer: "/a", header: "b", exists: true }, respond: {} }] },
      "handshake.0.match",
    ],
    [
      "a query outside of a GET",
      { ...plain, handshake: { match: { query: "a", exists: true }, respond: {} } },
      "handshake.match",
    ],
    [
      "two answers",
      { ...plain, handshake: { match: { pointer: "/a", exists: true }, respond: { text: "a", json: {} } } },
      "handshake.respond",
    ],
    [
      "a signed answer to an unsigned question",
      {
        ...plain,
        handshake: { request: "unsigned", match: { pointer: "/a", exists: true }, respond: { text: { hmac: "/a" } } },
      },
      "handshake.respond",
    ],
    [
      "an answer signed by what cannot sign",
      {
        ...plain,
        algorithm: "static",
        handshake: { match: { pointer: "/a", exists: true }, respond: { text: { hmac: "/a" } } },
      },
      "handshake.respond",
    ],
    [
      "a list without end",
      { ...plain, keepHeaders: Array.from({ length: 33 }, (_, index) => `x-${index}`) },
      "keepHeaders",
    ],
  ];
  for (const [mistake, scheme, paths] of mistakes) {
    it(`is refused with ${mistake}`, () => assert.equal(problemPaths(scheme).join(" "), paths));
  }

  it("reads a pointer of any shape in linear time", () => {
    const started = performance.now();
    problemPaths({ ...plain, deliveryId: { pointer: `${"/~1".repeat(66)}~` } });
    assert.ok(performance.now() - started < 100);
  });

  it("has a JSON schema for the OpenAPI document", () => {
    const schema = z.toJSONSchema(verificationScheme);
    assert.deepEqual(schema.required, ["algorithm"]);
    assert.equal(schema.additionalProperties, false);
  });
});
