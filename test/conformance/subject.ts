import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { type CompiledScheme, compileScheme } from "../../src/sources/compile-scheme.ts";
import { compileSecret } from "../../src/sources/compile-secret.ts";
import { prepareSample, type SampleDelivery } from "../../src/sources/prepare-sample.ts";
import { providers } from "../../src/sources/providers/catalogue.ts";
import type { Provider, ProviderSample } from "../../src/sources/providers/provider.ts";
import { expectedSignature } from "../../src/sources/verification/compare-signatures.ts";
import type { SignatureMethod } from "../../src/sources/verification/signature-method.ts";
import type { SignedContent } from "../../src/sources/verification/signed-content.ts";
import { verifyRequest } from "../../src/sources/verify-request.ts";

/** When every test's request arrives: a whole second, so that what counts in seconds is exact. */
export const nowMs = 1_780_000_000_000;
export const url = "https://hub.example/in/src_1";

/** A secret of a source, and what its sender signs with. */
export interface TestSecret {
  readonly text: string;
  readonly sign: (content: SignedContent, rawBody: Buffer) => Buffer;
}

export interface Delivered extends SampleDelivery {
  /** The signature as it stands at the end of its header. */
  readonly signatureText: string;
}

interface DeliveryOptions {
  readonly id?: string;
  readonly atMs?: number;
  /** Changes the body before it is signed. */
  readonly rewrite?: (rawBody: Buffer) => Buffer;
}

/** One way of signing of one provider. */
export interface Subject {
  readonly title: string;
  readonly provider: Provider;
  readonly sample: ProviderSample;
  readonly scheme: CompiledScheme;
  readonly method: SignatureMethod;
  readonly newSecret: () => TestSecret;
  readonly deliver: (secret: TestSecret, options?: DeliveryOptions) => Delivered;
}

/** Every way of signing of every provider that has a scheme. */
export function subjects(): readonly Subject[] {
  return [...providers.values()].flatMap((provider) => {
    if (provider.scheme === undefined) return [];
    const scheme = compileScheme(provider.scheme);
    return scheme.methods.map((method) => subjectOf(provider, scheme, method));
  });
}

export function verify(
  { scheme }: Pick<Subject, "scheme">,
  secrets: readonly TestSecret[],
  delivery: Partial<Omit<SampleDelivery, "method">> & { readonly method?: string; readonly query?: string },
  atMs = nowMs,
): ReturnType<typeof verifyRequest> {
  const keys = secrets.map(({ text }) => {
    const compiled = compileSecret(scheme, text);
    assert.ok(compiled.ok, compiled.ok ? "" : `the suite's own secret ${compiled.message}`);
    return compiled.key;
  });
  const { headers = [], rawBody = Buffer.alloc(0), method = "POST", query } = delivery;
  return verifyRequest({ method, url, query, rawBody, headers: headers.flat(), keys, nowMs: atMs }, scheme);
}

/** The delivery with another text for its signature. */
export function withSignature(delivery: Delivered, change: (signatureText: string) => string): SampleDelivery {
  const [name, value] = delivery.headers.at(-1) ?? ["", ""];
  assert.ok(value.endsWith(delivery.signatureText), "the signature header comes last");
  const before = value.slice(0, value.length - delivery.signatureText.length);
  return { ...delivery, headers: [...delivery.headers.slice(0, -1), [name, before + change(delivery.signatureText)]] };
}

function subjectOf(provider: Provider, scheme: CompiledScheme, method: SignatureMethod): Subject {
  const { sample } = provider;
  assert.ok(sample, `${provider.id} has no sample: add a realistic delivery to its entry in src/sources/providers`);
  const place = method.headers[0] ?? "the body";
  const title = `${provider.id}, ${method.algorithm} in ${place}${method.field === undefined ? "" : ` (${method.field})`}`;
  const deliver = (secret: TestSecret, { id = "019a-1", atMs = nowMs, rewrite }: DeliveryOptions = {}): Delivered => {
    const prepared = prepareSample(method, { id, nowMs: atMs, url }, sample);
    assert.ok(prepared, `${provider.id}'s sample does not fit what its scheme signs`);
    const rawBody = rewrite === undefined ? prepared.rawBody : rewrite(prepared.rawBody);
    const signature = secret.sign(prepared.content, rawBody);
    const signatureText = signature.toString(method.encoding === "plain" ? "latin1" : method.encoding);
    const complete = prepared.complete(signature);
    if (method.pointer === undefined) return { ...complete, rawBody, signatureText };
    return { ...complete, rawBody: rewrite?.(complete.rawBody) ?? complete.rawBody, signatureText };
  };
  return { title, provider, sample, scheme, method, deliver, newSecret: () => newSecret(scheme, method) };
}

function newSecret(scheme: CompiledScheme, method: SignatureMethod): TestSecret {
  switch (method.algorithm) {
    case "ed25519":
    case "ecdsa-p256":
    case "rsa-sha256":
      return newKeyPair(method, method.algorithm);
    case "static": {
      const text = `user:${randomBytes(18).toString("base64url")}aZ`;
      return { text, sign: () => Buffer.from(text) };
    }
    default: {
      const bytes = randomBytes(32);
      const encoded =
        method.secretEncoding === "utf8" ? bytes.toString("base64url") : bytes.toString(method.secretEncoding);
      const text = (method.stripPrefix ?? "") + encoded;
      const compiled = compileSecret(scheme, text);
      const key = compiled.ok ? compiled.key.keys[scheme.methods.indexOf(method)] : undefined;
      assert.ok(key !== undefined && !Buffer.isBuffer(key));
      return { text, sign: (content, rawBody) => expectedSignature(method, key, content, rawBody) };
    }
  }
}

function newKeyPair(method: SignatureMethod, algorithm: "ed25519" | "ecdsa-p256" | "rsa-sha256"): TestSecret {
  const { publicKey, privateKey } =
    algorithm === "ed25519"
      ? generateKeyPairSync("ed25519")
      : algorithm === "ecdsa-p256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const hash = algorithm === "ed25519" ? null : "sha256";
  return {
    text: (method.stripPrefix ?? "") + publicKeyText(publicKey, method, algorithm),
    sign: ({ before, after }, rawBody) =>
      sign(hash, Buffer.concat([Buffer.from(before, "latin1"), rawBody, Buffer.from(after, "latin1")]), privateKey),
  };
}

function publicKeyText(key: KeyObject, { secretEncoding }: SignatureMethod, algorithm: string): string {
  if (secretEncoding === "utf8") return String(key.export({ type: "spki", format: "pem" }));
  const der = key.export({ type: "spki", format: "der" });
  return (algorithm === "ed25519" ? der.subarray(-32) : der).toString(secretEncoding);
}
