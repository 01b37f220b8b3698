import { createHmac } from "node:crypto";
import { isSignedByAny, textKey } from "../verification/code-key.ts";
import type { CodeVerifier } from "../verification/code-verifier.ts";
import { readPointerText } from "../verification/json-pointer.ts";
import { compileTimestamp, timestampProblem, writeTimestamp } from "../verification/signed-timestamp.ts";
import { decodeStrictly } from "../verification/strict-encoding.ts";

/** Mailgun tries for eight hours; its documentation does not say whether each try is signed anew. */
const timestamp = compileTimestamp({ from: { pointer: "/timestamp" }, unit: "seconds", toleranceSeconds: 43_200 });
/** Fifty hex digits; the timestamp before it always has ten, so that the two can be read in one way only. */
const tokenForm = /^[0-9A-Za-z_-]{16,128}$/;

/**
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks: signs a time and a token, and not the payload.
 * Who sees one delivery could send another payload under its signature; the token is the delivery id, so that it would be a repeat.
 */
export const mailgunVerifier: CodeVerifier = {
  signature:
    "hmac-sha256, hex, in body `/signature/signature` (form: `signature`), over `timestamp` + `token`, and not the payload; 43200 s",
  headers: [],
  event: {
    body: ["json", "form"],
    deliveryId: { pointer: ["/signature/token", "/token"] },
    eventType: { pointer: ["/event-data/event", "/event"] },
    keepHeaders: ["content-type", "user-agent"],
  },
  decodeSecret: textKey,
  authenticate: (request, keys) => {
    const body = request.readBody();
    if (!body.ok || body.kind === "text") return "missing_signature";
    const field = (name: string) =>
      readPointerText(body.value, body.kind === "json" ? ["signature", name] : [name]) ?? "";
    const [time, token, text] = [field("timestamp"), field("token"), field("signature")];
    if (text === "") return "missing_signature";
    const signature = decodeStrictly(text, "hex", 32);
    if (signature === undefined) return "malformed_signature";
    if (!tokenForm.test(token)) return "bad_id";
    if (timestamp === undefined) return "bad_timestamp";
    const tolerance = request.toleranceSeconds ?? timestamp.toleranceSeconds;
    const problem = timestampProblem(time, timestamp, request.nowMs, tolerance);
    if (problem !== undefined) return problem;
    return isSignedByAny(keys, "sha256", time + token, signature) ? "verified" : "signature_mismatch";
  },
  sign: (secret, { id, nowMs }, { headers, body }) => {
    const time = timestamp === undefined ? "" : writeTimestamp(timestamp, nowMs);
    const token = createHmac("sha256", "token").update(id).digest("hex").slice(0, 50);
    const signature = createHmac("sha256", textKey(secret))
      .update(time + token)
      .digest("hex");
    const signed = { signature: { timestamp: time, token, signature }, ...(body as object) };
    const type = ["Content-Type", "application/json"] as const;
    return { method: "POST", headers: [type, ...headers], rawBody: Buffer.from(JSON.stringify(signed)) };
  },
};
