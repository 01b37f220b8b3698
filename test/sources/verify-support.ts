import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { compileProvider, compileScheme } from "../../src/sources/compile-scheme.ts";
import type { CompiledScheme } from "../../src/sources/compile-scheme.ts";
import { compileSecret } from "../../src/sources/compile-secret.ts";
import { providers } from "../../src/sources/providers/catalogue.ts";
import { verificationScheme } from "../../src/sources/verification-scheme.ts";
import type { VerificationScheme } from "../../src/sources/verification-scheme.ts";
import type { KeyMaterial } from "../../src/sources/verification/key-material.ts";
import { verifyRequest } from "../../src/sources/verify-request.ts";
import type { InboundRequest, VerifiedRequest } from "../../src/sources/verify-request.ts";

/** The time at which every test's request arrives: that of the published Standard Webhooks and Stripe vectors. */
export const nowSeconds = 1_614_265_330;
export const sourceUrl = "https://hub.example/in/src_1";

export interface TestSource {
  readonly scheme: CompiledScheme;
  readonly keys: readonly KeyMaterial[];
}

export type Sent = Partial<Omit<InboundRequest, "headers" | "keys" | "rawBody">> & {
  readonly body?: string | Buffer;
  /** In order, so that a name can come twice. */
  readonly headers?: readonly (readonly [string, string])[];
};

export function schemeOf(providerId: string): VerificationScheme {
  const scheme = providers.get(providerId)?.scheme;
  assert.ok(scheme, `no scheme for ${providerId}`);
  return scheme;
}

/** A source as the registry would hold it; the scheme goes through zod as a user's would. */
export function sourceOf(scheme: string | VerificationScheme, ...secrets: string[]): TestSource {
  const provider = typeof scheme === "string" ? providers.get(scheme) : undefined;
  const compiled =
    provider?.verifier === undefined
      ? compileScheme(verificationScheme.parse(typeof scheme === "string" ? schemeOf(scheme) : scheme))
      : compileProvider(provider);
  assert.ok(compiled);
  const keys = secrets.map((secret) => {
    const result = compileSecret(compiled, secret);
    assert.ok(result.ok, result.ok ? "" : result.message);
    return result.key;
  });
  return { scheme: compiled, keys };
}

export function send({ scheme, keys }: TestSource, sent: Sent): ReturnType<typeof verifyRequest> {
  const { body = "", headers = [], ...rest } = sent;
  return verifyRequest(
    {
      method: "POST",
      url: sourceUrl,
      nowMs: nowSeconds * 1000,
      ...rest,
      keys,
      rawBody: Buffer.from(body as string),
      headers: headers.flat(),
    },
    scheme,
  );
}

export function accepted(source: TestSource, sent: Sent): VerifiedRequest {
  const result = send(source, sent);
  assert.ok(result.ok, result.ok ? "" : `refused as ${result.reason}`);
  return result;
}

export function refused(source: TestSource, sent: Sent, reason: string, status = 401): void {
  assert.deepEqual(send(source, sent), { ok: false, reason, status });
}

export const json = ["Content-Type", "application/json"] as const;

export function hmac(secret: string | Buffer, ...content: readonly (string | Buffer)[]): Buffer {
  const signer = createHmac("sha256", secret);
  for (const part of content) signer.update(part);
  return signer.digest();
}

export function githubSignature(body: string | Buffer, secret = githubSecret): readonly [string, string] {
  return ["X-Hub-Signature-256", `sha256=${hmac(secret, body).toString("hex")}`];
}
export const githubSecret = "It's a Secret to Everybody";

/** The secret, id and body of the published Standard Webhooks vector. */
export const standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const standardPublicKey = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
export const standardId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
export const standardBody = '{"test": 2432232314}';

export function standardSignature(
  id: string,
  timestamp: string,
  body: string | Buffer,
  secret = standardSecret,
): string {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return `v1,${hmac(key, `${id}.${timestamp}.`, body).toString("base64")}`;
}

export function standardHeaders(
  signature: string,
  id = standardId,
  timestamp = String(nowSeconds),
): readonly (readonly [string, string])[] {
  return [json, ["Webhook-Id", id], ["Webhook-Timestamp", timestamp], ["Webhook-Signature", signature]];
}

export const stripeSecret = "whsec_test_secret";

export function stripeSignature(timestamp: string | number, body: string | Buffer): string {
  return hmac(stripeSecret, `${timestamp}.`, body).toString("hex");
}

export const slackSecret = "8f742231b10e8888abcd99yyyzzz85a5";

export function slackHeaders(
  body: string | Buffer,
  contentType = "application/json",
  secret = slackSecret,
): readonly (readonly [string, string])[] {
  return [
    ["Content-Type", contentType],
    ["X-Slack-Request-Timestamp", String(nowSeconds)],
    ["X-Slack-Signature", `v0=${hmac(secret, `v0:${nowSeconds}:`, body).toString("hex")}`],
  ];
}
