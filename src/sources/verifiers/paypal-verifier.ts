import { crc32 } from "node:zlib";
import { createSecretKey } from "node:crypto";
import type { CodeVerifier } from "../verification/code-verifier.ts";
import { compileTimestamp, timestampProblem } from "../verification/signed-timestamp.ts";
import { decodeStrictly } from "../verification/strict-encoding.ts";
import { isPinnedUrl } from "./pinned-url.ts";
import { verifyByCertificate } from "./verify-by-certificate.ts";

const header = (name: string) => `paypal-${name}`;
const [idHeader, timeHeader, signatureHeader] = [
  header("transmission-id"),
  header("transmission-time"),
  header("transmission-sig"),
];
const [certificateHeader, algorithmHeader] = [header("cert-url"), header("auth-algo")];

const host = /^api\.(?:sandbox\.)?paypal\.com$/;
const path = /^\/v1\/notifications\/certs\/CERT-[0-9A-Za-z-]{1,64}$/;
const transmissionId = /^[0-9A-Za-z-]{8,64}$/;
const webhookId = /^[0-9A-Za-z]{8,32}$/;

/** PayPal tries for three days and does not say whether each try is signed anew. */
const timestamp = compileTimestamp({
  from: { header: timeHeader },
  unit: "rfc3339",
  toleranceSeconds: 86_400,
});

/**
 * https://developer.paypal.com/api/rest/webhooks/rest/: RSA over `id|time|webhook id|crc32 of the body`, with a certificate that a header
 * names. The webhook's id, which the source has for its secret, is what ties a signature to one receiver. A CRC-32 is no hash: who
 * sees one delivery can make another body with the same.
 */
export const paypalVerifier: CodeVerifier = {
  signature:
    "rsa-sha256, base64, in `paypal-transmission-sig`, over `paypal-transmission-id`, `paypal-transmission-time`, webhook id and crc32 of the body, joined by `|`, by the certificate at `paypal-cert-url` on api.paypal.com or api.sandbox.paypal.com; 86400 s",
  headers: [idHeader, timeHeader, signatureHeader, certificateHeader, algorithmHeader],
  event: {
    body: "json",
    deliveryId: { pointer: "/id" },
    eventType: { pointer: "/event_type" },
    keepHeaders: ["content-type", "user-agent", idHeader, timeHeader],
  },
  decodeSecret: (secret) =>
    webhookId.test(secret) ? createSecretKey(Buffer.from(secret)) : "must be the webhook's ID: letters and digits",
  authenticate: (request, keys) => {
    const field = (name: string) => request.headers.get(name) ?? "";
    const text = field(signatureHeader);
    if (text === "") return "missing_signature";
    if (field(algorithmHeader).toLowerCase() !== "sha256withrsa") return "unknown_version";
    const signature = decodeStrictly(text, "base64", undefined);
    if (signature === undefined) return "malformed_signature";
    const [id, time] = [field(idHeader), field(timeHeader)];
    if (!transmissionId.test(id)) return "bad_id";
    if (timestamp === undefined) return "bad_timestamp";
    const tolerance = request.toleranceSeconds ?? timestamp.toleranceSeconds;
    const problem = timestampProblem(time, timestamp, request.nowMs, tolerance);
    if (problem !== undefined) return problem;
    const url = field(certificateHeader);
    if (!isPinnedUrl(url, host, path)) return "untrusted_url";
    const webhookIds = keys.map((key) => (Buffer.isBuffer(key) ? key : key.export()).toString());
    const contents = webhookIds.map((webhook) => `${id}|${time}|${webhook}|${crc32(request.rawBody)}`);
    return verifyByCertificate(request, url, "sha256", contents, signature);
  },
};
