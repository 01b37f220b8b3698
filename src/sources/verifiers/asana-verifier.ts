import { createHmac } from "node:crypto";
import { isSignedByAny, textKey } from "../verification/code-key.ts";
import type { CodeVerifier } from "../verification/code-verifier.ts";
import { decodeStrictly } from "../verification/strict-encoding.ts";

const signatureHeader = "x-hook-signature";
const secretHeader = "x-hook-secret";
/** It goes back in a header. Asana's have 32 to 64 characters. */
const hookSecret = /^[\x21-\x7e]{16,256}$/;

/**
 * https://developers.asana.com/docs/webhooks-guide: the first request carries `X-Hook-Secret`, which is to be sent back and kept; all
 * others are signed with it. Once an hour or so comes one without events, to see whether somebody is there.
 */
export const asanaVerifier: CodeVerifier = {
  signature: "hmac-sha256, hex, in `x-hook-signature`, over body",
  headers: [signatureHeader, secretHeader],
  event: {
    body: "json",
    batch: {
      items: "/events/*",
      deliveryId: {
        joined: [
          { pointer: "/resource/gid" },
          { pointer: "/action" },
          { pointer: ["/change/field", "/parent/gid", "/resource/resource_type"] },
          { pointer: "/created_at" },
        ],
        separator: ":",
      },
      eventType: { joined: [{ pointer: "/resource/resource_type" }, { pointer: "/action" }] },
    },
    keepHeaders: ["content-type", "user-agent"],
    handshake: {
      match: [
        { pointer: "/events", exists: true },
        { pointer: "/events/0", exists: false },
      ],
      respond: {},
    },
  },
  decodeSecret: textKey,
  authenticate: (request, keys) => {
    const text = request.headers.get(signatureHeader) ?? "";
    if (text === "") return "missing_signature";
    const signature = decodeStrictly(text, "hex", 32);
    if (signature === undefined) return "malformed_signature";
    return isSignedByAny(keys, "sha256", request.rawBody, signature) ? "verified" : "signature_mismatch";
  },
  question: ({ headers }) => {
    const secret = headers.get(secretHeader) ?? "";
    if (!hookSecret.test(secret) || headers.has(signatureHeader)) return undefined;
    return {
      status: 200,
      contentType: "text/plain; charset=utf-8",
      body: "",
      headers: { "X-Hook-Secret": secret },
      secret,
    };
  },
  sign: (secret, _request, { headers, body }) => {
    const rawBody = Buffer.from(JSON.stringify(body));
    const signature = createHmac("sha256", textKey(secret)).update(rawBody).digest("hex");
    const type = ["Content-Type", "application/json"] as const;
    return { method: "POST", headers: [type, ...headers, ["X-Hook-Signature", signature]], rawBody };
  },
};
