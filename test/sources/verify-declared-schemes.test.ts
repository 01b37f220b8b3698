import assert from "node:assert/strict";
import { body, declaredRows, hex, now, nowMs } from "./verify-declared-rows.ts";
import { accepted, json, nowSeconds, refused, sourceOf } from "./verify-support.ts";

describe("a declared scheme expresses", () => {
  for (const row of declaredRows) {
    it(row.like, () => {
      const text = row.body ?? body;
      const source = sourceOf(row.scheme, row.secret ?? "secret");
      const headers = [row.contentType === undefined ? json : (["Content-Type", row.contentType] as const)];
      const sent = { body: text, headers: [...headers, ...row.headers] };
      const verified = accepted(source, sent);
      assert.equal(verified.eventType, row.eventType ?? "unknown");
      if (row.deliveryId === undefined) assert.match(verified.deliveryId, /^sha256:/);
      else assert.equal(verified.deliveryId, row.deliveryId);

      const isStatic = row.scheme.algorithm === "static" || row.secret === "token";
      if (!isStatic) refused(source, { ...sent, body: `${text} ` }, "signature_mismatch");
      if (row.headers.length > 0) refused(source, { ...sent, headers }, "missing_signature");
    });
  }

  it("a timestamp in the body, checked like one in a header", () => {
    const linear = declaredRows.find(({ like }) => like.startsWith("linear"));
    assert.ok(linear);
    const source = sourceOf(linear.scheme, "secret");
    const send = (text: string) => ({ body: text, headers: [json, ["linear-signature", hex(text)]] as const });
    refused(source, send(`{"webhookTimestamp":${nowSeconds - 61}000}`), "stale_timestamp");
    refused(source, send(`{"webhookTimestamp":${nowSeconds + 61}000}`), "future_timestamp");
    for (const value of [now, `"${now}abc"`, "1e11", "null", `${nowMs}.5`, `[${nowMs}]`])
      refused(source, send(`{"webhookTimestamp":${value}}`), "bad_timestamp");
    refused(source, send("{}"), "bad_timestamp");
  });

  it("a static secret, refused when wrong, shorter, longer or empty", () => {
    const source = sourceOf({ algorithm: "static", header: "x-api-key" }, "token");
    for (const key of ["tokem", "toke", "tokens", "Token", "\u0000"])
      refused(source, { body, headers: [json, ["x-api-key", key]] }, "signature_mismatch");
    refused(source, { body, headers: [json, ["x-api-key", ""]] }, "missing_signature");
    const figma = sourceOf({ algorithm: "static", pointer: "/passcode" }, "p");
    refused(figma, { body: '{"passcode":"q"}', headers: [json] }, "signature_mismatch");
    for (const text of ['{"passcode":["p"]}', "{", "", "p"])
      refused(figma, { body: text, headers: [json] }, "missing_signature");
  });

  it("signed headers that could be cut elsewhere are refused, whatever the delimiter", () => {
    const source = sourceOf(
      { algorithm: "hmac-sha256", header: "x-signature", signed: [{ header: "x-nonce" }, { literal: "|" }, "body"] },
      "secret",
    );
    const send = (nonce: string) => ({
      body,
      headers: [json, ["x-nonce", nonce], ["x-signature", hex(`${nonce}|`, body)]] as const,
    });
    accepted(source, send("a.b"));
    for (const nonce of ["a|b", "a b", "x".repeat(257), ""]) refused(source, send(nonce), "bad_signed_value");
  });
});
