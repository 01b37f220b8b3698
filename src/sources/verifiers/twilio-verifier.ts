import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { isSignedByAny, textKey } from "../verification/code-key.ts";
import type { CodeRequest, CodeVerifier } from "../verification/code-verifier.ts";
import type { RejectionReason } from "../verification/rejection.ts";
import { decodeStrictly } from "../verification/strict-encoding.ts";

const signatureHeader = "x-twilio-signature";
/** Scheme and host, port, and the rest as it was written: `URL` would spell it anew, and Twilio signs what was typed in. */
const urlParts = /^(https?):\/\/(\[[^\]/]*\]|[^/:?#]*)(:\d{1,5})?(.*)$/is;

/**
 * https://www.twilio.com/docs/usage/security: HMAC-SHA1 over the URL and, for a form, every parameter's name and value without a
 * separator, sorted by name. For any other body the URL carries `bodySHA256` instead, and is signed alone.
 */
export const twilioVerifier: CodeVerifier = {
  signature:
    "hmac-sha1, base64, in `x-twilio-signature`, over url + sorted form parameters; for another body over the url, whose `bodySHA256` is the body's hash",
  headers: [signatureHeader],
  event: {
    body: ["form", "json"],
    // A message has one status once; a call may be in progress again and again, and counts its callbacks.
    deliveryId: {
      firstOf: [
        {
          joined: [{ pointer: ["/MessageSid", "/SmsSid"] }, { pointer: ["/MessageStatus", "/SmsStatus"] }],
          separator: ":",
        },
        {
          joined: [{ pointer: "/CallSid" }, { pointer: "/CallStatus" }, { pointer: "/SequenceNumber" }],
          separator: ":",
        },
        { joined: [{ pointer: "/RecordingSid" }, { pointer: "/RecordingStatus" }], separator: ":" },
      ],
    },
    repeatWindowSeconds: 300,
    eventType: {
      pointer: ["/EventType", "/MessageStatus", "/SmsStatus", "/RecordingStatus", "/CallStatus"],
    },
    // Event Streams: a list of CloudEvents.
    batch: { items: "/*", deliveryId: { pointer: "/id" }, eventType: { pointer: "/type" } },
    keepHeaders: ["content-type", "user-agent", "i-twilio-idempotency-token"],
  },
  decodeSecret: textKey,
  authenticate: (request, keys) => {
    const text = request.headers.get(signatureHeader) ?? "";
    if (text === "") return "missing_signature";
    const signature = decodeStrictly(text, "base64", 20);
    if (signature === undefined) return "malformed_signature";
    const signed = signedParameters(request);
    if ("problem" in signed) return signed.problem;
    let matches = false;
    for (const url of urlSpellings(request.url, request.query))
      if (isSignedByAny(keys, "sha1", url + signed.parameters, signature)) matches = true;
    return matches ? "verified" : "signature_mismatch";
  },
  // Without TwiML, Twilio would log an error for each message, or send our JSON as a reply.
  answer: {
    status: 200,
    contentType: "text/xml; charset=utf-8",
    body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
  },
  sign: (secret, { url }, { headers, body }) => {
    const form = new URLSearchParams(body as Record<string, string>);
    const signature = createHmac("sha1", textKey(secret)).update(url + joinParameters(Object.fromEntries(form)));
    const type = ["Content-Type", "application/x-www-form-urlencoded"] as const;
    return {
      method: "POST",
      headers: [type, ...headers, ["X-Twilio-Signature", signature.digest("base64")]],
      rawBody: Buffer.from(form.toString()),
    };
  },
};

/** What is signed after the URL, or why no signature can be about the body. */
function signedParameters(
  request: CodeRequest,
): { readonly parameters: string } | { readonly problem: RejectionReason } {
  const hashes = new URLSearchParams(request.query).getAll("bodySHA256");
  if (hashes.length === 0) {
    const body = request.readBody();
    // Of any other body nothing would be signed: whoever saw one signed URL could send what he likes.
    if (!body.ok || body.kind !== "form") return { problem: "bad_signed_value" };
    return { parameters: joinParameters(body.value as object) };
  }
  const hash = decodeStrictly(hashes[0] ?? "", "hex", 32);
  if (hash === undefined || hashes.length > 1) return { problem: "bad_signed_value" };
  const isOfBody = timingSafeEqual(hash, createHash("sha256").update(request.rawBody).digest());
  return isOfBody ? { parameters: "" } : { problem: "signature_mismatch" };
}

/** Twilio's library drops what is repeated of a parameter's values, and sorts them. */
function joinParameters(parameters: object): string {
  let joined = "";
  const byName = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of byName) {
    const values = Array.isArray(value) ? [...new Set(value as string[])].toSorted() : [value as string];
    for (const each of values) joined += name + each;
  }
  return joined;
}

/**
 * The URL as Twilio may have signed it: with the query that came, which is signed with it, and with or without the default port,
 * since Twilio's servers do not agree about that.
 */
function urlSpellings(configured: string, query: string | undefined): readonly string[] {
  const [withoutFragment = ""] = configured.split("#", 1);
  const [base = ""] = withoutFragment.split("?", 1);
  const url = query === undefined || query === "" ? withoutFragment : `${base}?${query}`;
  const parts = urlParts.exec(url);
  if (parts === null) return [url];
  const [, scheme = "", host = "", port, rest = ""] = parts;
  const other = port === undefined ? (scheme.toLowerCase() === "https" ? ":443" : ":80") : "";
  return [url, `${scheme}://${host}${other}${rest}`];
}
