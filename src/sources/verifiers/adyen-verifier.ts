import { createHmac, createSecretKey } from "node:crypto";
import { isSignedByAny } from "../verification/code-key.ts";
import type { CodeKey, CodeRequest, CodeVerifier } from "../verification/code-verifier.ts";
import { readPointer, readPointerText } from "../verification/json-pointer.ts";
import type { RejectionReason } from "../verification/rejection.ts";
import { decodeStrictly } from "../verification/strict-encoding.ts";

const signatureHeader = "hmacsignature";
const signaturePath = ["additionalData", "hmacSignature"];
/** In the order in which they are signed. */
const signedFields = [
  ["pspReference"],
  ["originalReference"],
  ["merchantAccountCode"],
  ["merchantReference"],
  ["amount", "value"],
  ["amount", "currency"],
  ["eventCode"],
  ["success"],
] as const;
const hexKey = /^(?:[0-9a-fA-F]{2}){16,}$/;

/**
 * https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures: of a payment webhook each item is signed, and of the item
 * eight fields; a platform webhook is signed as a whole, in a header. The key is written in hex.
 */
export const adyenVerifier: CodeVerifier = {
  signature:
    "hmac-sha256, base64, in each item's `/additionalData/hmacSignature`, over eight fields joined by `:`<br>or in `hmacsignature`, over body",
  headers: [signatureHeader],
  event: {
    body: "json",
    batch: {
      items: "/notificationItems/*/NotificationRequestItem",
      // The outcome of a payment may change under the same reference and code.
      deliveryId: {
        joined: [{ pointer: "/pspReference" }, { pointer: "/eventCode" }, { pointer: "/success" }],
        separator: ":",
      },
      eventType: { pointer: "/eventCode" },
    },
    eventType: { pointer: "/type" },
    keepHeaders: ["content-type", "user-agent"],
    answer: { respond: { text: "[accepted]" } },
  },
  decodeSecret: (secret) =>
    hexKey.test(secret)
      ? createSecretKey(Buffer.from(secret, "hex"))
      : "must be the HMAC key in hex, of at least 32 digits",
  authenticate: (request, keys) => {
    const text = request.headers.get(signatureHeader);
    return text === undefined ? authenticateItems(request, keys) : authenticateBody(request, text, keys);
  },
  sign: (secret, _request, { headers, body }) => {
    const items = readPointer(body, ["notificationItems"]) as readonly object[];
    const notificationItems = items.map((each) => {
      const item = readPointer(each, ["NotificationRequestItem"]) as object;
      const content = signedFields.map((path) => fieldOf(item, path) ?? "").join(":");
      const key = Buffer.from(secret, "hex");
      const hmacSignature = createHmac("sha256", key).update(content).digest("base64");
      return { NotificationRequestItem: { additionalData: { hmacSignature }, ...item } };
    });
    const rawBody = Buffer.from(JSON.stringify({ ...(body as object), notificationItems }));
    return { method: "POST", headers: [["Content-Type", "application/json"], ...headers], rawBody };
  },
};

function authenticateBody(
  { rawBody }: CodeRequest,
  text: string,
  keys: readonly CodeKey[],
): "verified" | RejectionReason {
  const signature = decodeStrictly(text, "base64", 32);
  if (signature === undefined) return "malformed_signature";
  return isSignedByAny(keys, "sha256", rawBody, signature) ? "verified" : "signature_mismatch";
}

/** All of them, or none: an item that nobody signed must not come in beside one that is. */
function authenticateItems(request: CodeRequest, keys: readonly CodeKey[]): "verified" | RejectionReason {
  const body = request.readBody();
  const items = body.ok ? readPointer(body.value, ["notificationItems"]) : undefined;
  if (!Array.isArray(items) || items.length === 0) return "missing_signature";
  for (const each of items as readonly unknown[]) {
    const item = readPointer(each, ["NotificationRequestItem"]);
    const text = readPointerText(item, signaturePath);
    if (text === undefined) return "missing_signature";
    const signature = decodeStrictly(text, "base64", 32);
    if (signature === undefined) return "malformed_signature";
    const content = signedContentOf(item);
    if (content === undefined) return "bad_signed_value";
    if (!isSignedByAny(keys, "sha256", content, signature)) return "signature_mismatch";
  }
  return "verified";
}

/** Only the merchant's own reference may hold the separator: one such field among the eight still reads in one way. */
function signedContentOf(item: unknown): string | undefined {
  const texts: string[] = [];
  for (const path of signedFields) {
    const text = fieldOf(item, path);
    if (text === undefined || (path[0] !== "merchantReference" && text.includes(":"))) return undefined;
    texts.push(text);
  }
  return texts.join(":");
}

function fieldOf(item: unknown, path: readonly string[]): string | undefined {
  const value = readPointer(item, path);
  if (value === undefined || value === null) return "";
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}
