import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import type { VerificationScheme } from "../../src/sources/verification-scheme.ts";
import { hmac, nowSeconds, sourceUrl } from "./verify-support.ts";

/** One signed delivery in the form that a row of the provider list describes. */
export interface DeclaredRow {
  readonly like: string;
  readonly scheme: VerificationScheme;
  /** Default: `secret`. */
  readonly secret?: string;
  /** Default: the one below. */
  readonly body?: string;
  readonly contentType?: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly deliveryId?: string;
  readonly eventType?: string;
}

export const now = String(nowSeconds);
export const nowMs = `${nowSeconds}000`;
const nowDate = new Date(nowSeconds * 1000).toISOString();
export const body = '{"id":"i1","event":"e1","action":"a1"}';
export const hex = (...content: string[]) => hmac("secret", ...content).toString("hex");
const base64 = (...content: string[]) => hmac("secret", ...content).toString("base64");
const sha256 = (...content: string[]) => createHash("sha256").update(content.join("")).digest("hex");

const ed25519 = generateKeyPairSync("ed25519");
const ecdsa = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const spki = { type: "spki", format: "der" } as const;
const ed25519Raw = ed25519.publicKey.export(spki).subarray(-32);

export const declaredRows: readonly DeclaredRow[] = [
  {
    like: "shopify: base64 in one of two headers, type from a header",
    scheme: {
      algorithm: "hmac-sha256",
      header: ["shopify-hmac-sha256", "x-shopify-hmac-sha256"],
      encoding: "base64",
      deliveryId: { header: ["x-shopify-event-id", "x-shopify-webhook-id"] },
      eventType: { header: "x-shopify-topic" },
    },
    headers: [
      ["X-Shopify-Hmac-Sha256", base64(body)],
      ["X-Shopify-Webhook-Id", "w1"],
      ["X-Shopify-Topic", "orders/create"],
    ],
    deliveryId: "w1",
    eventType: "orders/create",
  },
  {
    like: "square: configured URL and body",
    scheme: { algorithm: "hmac-sha256", header: "x-square", encoding: "base64", signed: ["url", "body"] },
    headers: [["x-square", base64(sourceUrl, body)]],
  },
  {
    like: "hubspot v3: method, URL, body and milliseconds",
    scheme: {
      algorithm: "hmac-sha256",
      header: "x-hubspot-signature-v3",
      encoding: "base64",
      signed: ["method", "url", "body", { header: "x-hubspot-request-timestamp" }],
      timestamp: { from: { header: "X-HubSpot-Request-Timestamp" }, unit: "milliseconds" },
      eventType: { pointer: "/0/subscriptionType" },
    },
    body: '[{"subscriptionType":"contact.creation"}]',
    headers: [
      ["x-hubspot-signature-v3", base64("POST", sourceUrl, '[{"subscriptionType":"contact.creation"}]', nowMs)],
      ["x-hubspot-request-timestamp", nowMs],
    ],
    eventType: "contact.creation",
  },
  {
    like: "hubspot v1: SHA-256 of secret and body",
    scheme: { algorithm: "sha256-prefix", header: "x-hubspot-signature" },
    headers: [["x-hubspot-signature", sha256("secret", body)]],
  },
  {
    like: "sendgrid: ECDSA P-256 over timestamp and raw body",
    scheme: {
      algorithm: "ecdsa-p256",
      header: "x-signature",
      encoding: "base64",
      signed: [{ header: "x-timestamp" }, "body"],
      timestamp: { from: { header: "x-timestamp" } },
      secret: { encoding: "base64" },
      eventType: { pointer: "/0/event" },
    },
    secret: ecdsa.publicKey.export(spki).toString("base64"),
    body: '[{"event":"open"}]\r\n',
    headers: [
      ["x-timestamp", now],
      ["x-signature", sign("sha256", Buffer.from(`${now}[{"event":"open"}]\r\n`), ecdsa.privateKey).toString("base64")],
    ],
    eventType: "open",
  },
  {
    like: "discord: Ed25519 with a hex key",
    scheme: {
      algorithm: "ed25519",
      header: "x-signature-ed25519",
      encoding: "hex",
      signed: [{ header: "x-signature-timestamp" }, "body"],
      timestamp: { from: { header: "x-signature-timestamp" } },
      secret: { encoding: "hex" },
    },
    secret: ed25519Raw.toString("hex"),
    headers: [
      ["x-signature-timestamp", now],
      ["x-signature-ed25519", sign(null, Buffer.from(now + body), ed25519.privateKey).toString("hex")],
    ],
  },
  {
    like: "RSA with a PEM key",
    scheme: { algorithm: "rsa-sha256", header: "x-signature", encoding: "base64" },
    secret: String(rsa.publicKey.export({ type: "spki", format: "pem" })),
    headers: [["x-signature", sign("sha256", Buffer.from(body), rsa.privateKey).toString("base64")]],
  },
  {
    like: "linear: milliseconds in the body, type joined with action",
    scheme: {
      algorithm: "hmac-sha256",
      header: "linear-signature",
      timestamp: { from: { pointer: "/webhookTimestamp" }, unit: "milliseconds", toleranceSeconds: 60 },
      deliveryId: { header: "linear-delivery" },
      eventType: { joined: [{ pointer: "/type" }, { pointer: "/action" }] },
    },
    body: `{"type":"Issue","action":"create","webhookTimestamp":${nowMs}}`,
    headers: [
      ["linear-signature", hex(`{"type":"Issue","action":"create","webhookTimestamp":${nowMs}}`)],
      ["linear-delivery", "d1"],
    ],
    deliveryId: "d1",
    eventType: "Issue.create",
  },
  {
    like: "paddle: ts=…;h1=… joined by a colon",
    scheme: {
      algorithm: "hmac-sha256",
      header: "paddle-signature",
      itemSeparator: ";",
      keyValueSeparator: "=",
      field: "h1",
      signed: [{ field: "ts" }, { literal: ":" }, "body"],
      timestamp: { from: { field: "ts" }, toleranceSeconds: 5 },
    },
    headers: [["paddle-signature", `ts=${now};h1=${"0".repeat(64)};h1=${hex(`${now}:`, body)}`]],
  },
  {
    like: "pagerduty: a list of prefixed signatures",
    scheme: { algorithm: "hmac-sha256", header: "x-pagerduty-signature", itemSeparator: ",", prefix: "v1=" },
    headers: [["x-pagerduty-signature", `v1=${"0".repeat(64)},v1=${hex(body)}`]],
  },
  {
    like: "vercel: SHA-1",
    scheme: {
      algorithm: "hmac-sha1",
      header: "x-vercel-signature",
      deliveryId: { pointer: "/id" },
      eventType: { pointer: "/event" },
    },
    headers: [["x-vercel-signature", createHmac("sha1", "secret").update(body).digest("hex")]],
    deliveryId: "i1",
    eventType: "e1",
  },
  {
    like: "SHA-512 with a hex key",
    scheme: { algorithm: "hmac-sha512", header: "x-signature", encoding: "base64", secret: { encoding: "hex" } },
    secret: Buffer.from("secret").toString("hex"),
    headers: [["x-signature", createHmac("sha512", "secret").update(body).digest("base64")]],
  },
  {
    like: "docusign: one header for each key, id joined from two places",
    scheme: {
      algorithm: "hmac-sha256",
      header: ["x-docusign-signature-1", "x-docusign-signature-2", "x-docusign-signature-3"],
      encoding: "base64",
      deliveryId: { joined: [{ pointer: "/id" }, { pointer: "/event" }], separator: ":" },
    },
    headers: [
      ["x-docusign-signature-1", hmac("other", body).toString("base64")],
      ["x-docusign-signature-2", base64(body)],
    ],
    deliveryId: "i1:e1",
  },
  {
    like: "twitch, box: id, RFC 3339 time and body",
    scheme: {
      algorithm: "hmac-sha256",
      header: "x-signature",
      prefix: "sha256=",
      signed: [{ header: "x-id" }, { header: "x-time" }, "body"],
      timestamp: { from: { header: "x-time" }, unit: "rfc3339", toleranceSeconds: 600 },
      deliveryId: { header: "x-id" },
    },
    headers: [
      ["x-id", "m1"],
      ["x-time", nowDate],
      ["x-signature", `sha256=${hex("m1", nowDate, body)}`],
    ],
    deliveryId: "m1",
  },
  {
    like: "telegram: static token, the kind of the update as type",
    scheme: {
      algorithm: "static",
      header: "x-telegram-bot-api-secret-token",
      deliveryId: { pointer: "/update_id" },
      eventType: { keyOtherThan: ["update_id"] },
    },
    secret: "töken",
    body: '{"update_id":7,"message":{}}',
    headers: [["x-telegram-bot-api-secret-token", Buffer.from("töken", "utf8").toString("latin1")]],
    deliveryId: "7",
    eventType: "message",
  },
  {
    like: "figma: static passcode in the body",
    scheme: { algorithm: "static", pointer: "/passcode", eventType: { pointer: "/event_type" } },
    secret: "pässcode",
    body: '{"passcode":"pässcode","event_type":"FILE_UPDATE"}',
    headers: [],
    eventType: "FILE_UPDATE",
  },
  {
    like: "bearer",
    scheme: { algorithm: "static", header: "authorization", prefix: "Bearer " },
    secret: "token",
    headers: [["Authorization", "Bearer token"]],
  },
  {
    like: "basic",
    scheme: { algorithm: "static", header: "authorization", prefix: "Basic ", encoding: "base64" },
    secret: "user:password",
    headers: [["Authorization", `Basic ${Buffer.from("user:password").toString("base64")}`]],
  },
  {
    like: "gitlab, new: Standard Webhooks beside the static token",
    scheme: gitlab(),
    secret: `whsec_${Buffer.alloc(24, 7).toString("base64")}`,
    headers: [
      ["webhook-id", "m1"],
      ["webhook-timestamp", now],
      ["webhook-signature", `v1,${hmac(Buffer.alloc(24, 7), `m1.${now}.`, body).toString("base64")}`],
      ["x-gitlab-event", "Push Hook"],
    ],
    deliveryId: "m1",
    eventType: "Push Hook",
  },
  {
    like: "gitlab, old: the static token",
    scheme: gitlab(),
    secret: "token",
    headers: [
      ["x-gitlab-token", "token"],
      ["x-gitlab-event-uuid", "u1"],
    ],
    deliveryId: "u1",
  },
  {
    like: "a form",
    scheme: { algorithm: "hmac-sha256", header: "x-signature", body: "form", eventType: { pointer: "/event" } },
    body: "event=paid&__proto__=x",
    contentType: "application/x-www-form-urlencoded",
    headers: [["x-signature", hex("event=paid&__proto__=x")]],
    eventType: "paid",
  },
  {
    like: "literals beyond ASCII",
    scheme: { algorithm: "hmac-sha256", header: "x-signature", signed: [{ literal: "é→" }, "body", { literal: "$&" }] },
    headers: [["x-signature", hex("é→", body, "$&").toUpperCase()]],
  },
];

function gitlab(): VerificationScheme {
  return {
    algorithm: "hmac-sha256",
    header: "webhook-signature",
    itemSeparator: " ",
    keyValueSeparator: ",",
    field: "v1",
    encoding: "base64",
    signed: [{ header: "webhook-id" }, { literal: "." }, { header: "webhook-timestamp" }, { literal: "." }, "body"],
    timestamp: { from: { header: "webhook-timestamp" } },
    secret: { encoding: "base64", stripPrefix: "whsec_" },
    alternatives: [{ algorithm: "static", header: "x-gitlab-token" }],
    deliveryId: { header: ["webhook-id", "x-gitlab-event-uuid"] },
    eventType: { header: "x-gitlab-event" },
  };
}
