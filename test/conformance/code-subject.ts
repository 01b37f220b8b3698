import assert from "node:assert/strict";
import { createPrivateKey, randomBytes, sign, X509Certificate } from "node:crypto";
import { crc32 } from "node:zlib";
import { type CompiledScheme, compileProvider } from "../../src/sources/compile-scheme.ts";
import { compileSecret } from "../../src/sources/compile-secret.ts";
import { fillSample } from "../../src/sources/fill-sample.ts";
import type { SampleDelivery } from "../../src/sources/prepare-sample.ts";
import { providers } from "../../src/sources/providers/catalogue.ts";
import type { Provider, ProviderSample, SampleObject } from "../../src/sources/providers/provider.ts";
import type { CodeVerifier } from "../../src/sources/verification/code-verifier.ts";
import { withValueAt } from "../../src/sources/verification/json-pointer.ts";
import { verifyRequest } from "../../src/sources/verify-request.ts";
import { selfSignedCertificate } from "../support/self-signed-certificate.ts";
import { nowMs, url } from "./subject.ts";

/** Where the signature stands, and what of a delivery it is about. */
interface Signature {
  readonly place: { readonly header: string } | { readonly pointer: readonly string[] };
  readonly encoding: "hex" | "base64" | "plain";
  /** Of a body, every byte. */
  readonly signsBody: boolean;
  readonly toleranceSeconds?: number;
}

/** A provider that is verified by code. */
export interface CodeSubject extends Signature {
  readonly provider: Provider;
  readonly sample: ProviderSample;
  readonly scheme: CompiledScheme;
  readonly verifier: CodeVerifier;
  readonly newSecret: () => string;
  readonly deliver: (secret: string, moment?: { readonly id?: string; readonly atMs?: number }) => SampleDelivery;
}

export const certificateHosts = {
  "aws-sns": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
  paypal: "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-7cd2a1a3",
} as const;

const signatures: Readonly<Record<string, Signature>> = {
  twilio: { place: { header: "X-Twilio-Signature" }, encoding: "base64", signsBody: true },
  asana: { place: { header: "X-Hook-Signature" }, encoding: "hex", signsBody: true },
  mailgun: {
    place: { pointer: ["signature", "signature"] },
    encoding: "hex",
    signsBody: false,
    toleranceSeconds: 43_200,
  },
  adyen: {
    place: { pointer: ["notificationItems", "0", "NotificationRequestItem", "additionalData", "hmacSignature"] },
    encoding: "base64",
    signsBody: false,
  },
  "aws-sns": { place: { pointer: ["Signature"] }, encoding: "base64", signsBody: false, toleranceSeconds: 3600 },
  paypal: {
    place: { header: "PAYPAL-TRANSMISSION-SIG" },
    encoding: "base64",
    signsBody: true,
    toleranceSeconds: 86_400,
  },
  "microsoft-graph": { place: { pointer: ["value", "0", "clientState"] }, encoding: "plain", signsBody: false },
  "jira-oauth": { place: { header: "Authorization" }, encoding: "plain", signsBody: false },
};

const newSecrets: Readonly<Record<string, () => string>> = {
  adyen: () => randomBytes(32).toString("hex").toUpperCase(),
  "aws-sns": () => `arn:aws:sns:us-west-2:123456789012:${randomBytes(6).toString("hex")}`,
  paypal: () => randomBytes(8).toString("hex").toUpperCase(),
};

const { key, cert } = selfSignedCertificate(["sns.amazonaws.com"], { rsaBits: 2048, nowMs });
const privateKey = createPrivateKey(key);
/** With this one, Amazon and PayPal sign here. */
export const certificate = new X509Certificate(cert);

/** A message as SNS writes it, signed over its fields, as the documentation says. */
export function signSns(message: SampleObject, version: "1" | "2" = "2", signer = privateKey): SampleObject {
  const names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  let content = "";
  for (const name of names) {
    const value = message[name];
    if (typeof value === "string") content += `${name}\n${value}\n`;
  }
  const signature = sign(version === "1" ? "sha1" : "sha256", Buffer.from(content), signer).toString("base64");
  return { SigningCertURL: certificateHosts["aws-sns"], ...message, SignatureVersion: version, Signature: signature };
}

export function paypalHeaders(rawBody: Buffer, webhookId: string, atMs: number): [string, string][] {
  const id = "69cd13f0-d67a-11e5-baa3-778b53f4ae55";
  const time = new Date(atMs).toISOString();
  const content = `${id}|${time}|${webhookId}|${crc32(rawBody)}`;
  return [
    ["PAYPAL-TRANSMISSION-ID", id],
    ["PAYPAL-TRANSMISSION-TIME", time],
    ["PAYPAL-CERT-URL", certificateHosts.paypal],
    ["PAYPAL-AUTH-ALGO", "SHA256withRSA"],
    ["PAYPAL-TRANSMISSION-SIG", sign("sha256", Buffer.from(content), privateKey).toString("base64")],
  ];
}

/** Every provider of the catalogue that is verified by code. */
export function codeSubjects(): readonly CodeSubject[] {
  return [...providers.values()].flatMap((provider) => {
    const { verifier, sample } = provider;
    if (verifier === undefined) return [];
    const scheme = compileProvider(provider);
    const signature = signatures[provider.id];
    assert.ok(scheme && sample && signature, `${provider.id} is missing here: say where its signature stands`);
    const newSecret = newSecrets[provider.id] ?? (() => randomBytes(24).toString("base64url"));
    const deliver: CodeSubject["deliver"] = (secret, { id = "019a-1", atMs = nowMs } = {}) => {
      const moment = { id, nowMs: atMs, url };
      const filled = fillSample(sample, moment);
      if (verifier.sign !== undefined) return verifier.sign(secret, moment, filled);
      const body = provider.id === "aws-sns" ? { ...(filled.body as SampleObject), TopicArn: secret } : filled.body;
      const rawBody = Buffer.from(JSON.stringify(provider.id === "aws-sns" ? signSns(body as SampleObject) : body));
      const signed = provider.id === "paypal" ? paypalHeaders(rawBody, secret, atMs) : [];
      return { method: "POST", headers: [["Content-Type", "application/json"], ...signed], rawBody };
    };
    return [{ ...signature, provider, sample, scheme, verifier, newSecret, deliver }];
  });
}

export function codeSubjectOf(id: string): CodeSubject {
  return codeSubjects().find(({ provider }) => provider.id === id) ?? assert.fail(`no verifier for ${id}`);
}

export function verifyCode(
  { scheme }: Pick<CodeSubject, "scheme">,
  secrets: readonly string[],
  sent: Partial<Omit<SampleDelivery, "method">> & {
    readonly method?: string;
    readonly query?: string;
    readonly url?: string;
  },
  atMs = nowMs,
): ReturnType<typeof verifyRequest> {
  const keys = secrets.map((text) => {
    const compiled = compileSecret(scheme, text);
    assert.ok(compiled.ok, compiled.ok ? "" : `the suite's own secret ${compiled.message}`);
    return compiled.key;
  });
  const { headers = [], rawBody = Buffer.alloc(0), method = "POST", query } = sent;
  const request = { method, url: sent.url ?? url, query, rawBody, headers: headers.flat(), keys, nowMs: atMs };
  return verifyRequest({ ...request, certificateOf: () => certificate }, scheme);
}

/** The signature as it stands in the delivery. */
export function signatureOf({ place }: CodeSubject, { headers, rawBody }: SampleDelivery): string {
  if ("header" in place) return headers.find(([name]) => name === place.header)?.[1] ?? assert.fail("no signature");
  let found: unknown = JSON.parse(rawBody.toString());
  for (const name of place.pointer) found = (found as Record<string, unknown>)[name];
  return String(found);
}

/** The delivery with another text for its signature. */
export function withSignatureText({ place }: CodeSubject, delivery: SampleDelivery, text: string): SampleDelivery {
  if ("pointer" in place) {
    const body = withValueAt(JSON.parse(delivery.rawBody.toString()), place.pointer, text);
    return { ...delivery, rawBody: Buffer.from(JSON.stringify(body)) };
  }
  const headers = delivery.headers.map(([name, value]) => [name, name === place.header ? text : value] as const);
  return { ...delivery, headers };
}
