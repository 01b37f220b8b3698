import { createHash, createPublicKey, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { CompiledScheme } from "./compile-scheme.ts";
import type { KeyMaterial } from "./verification/key-material.ts";
import type { SignatureMethod } from "./verification/signature-method.ts";

/** The key, or a sentence that tells the owner of the source what is wrong with the secret (and does not repeat it). */
type CompiledSecret =
  | { readonly ok: true; readonly key: KeyMaterial }
  | { readonly ok: false; readonly message: string };

/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410): Standard Webhooks' `whpk_` is those bytes alone. */
const ed25519Header = Buffer.from("302a300506032b6570032100", "hex");
const minRsaBits = 2048;

/** Decodes a secret as the scheme says. `whsec_` is base64 to Standard Webhooks and part of the key to Stripe: only the scheme knows. */
export function compileSecret(scheme: CompiledScheme, secret: string): CompiledSecret {
  if (secret === "") return { ok: false, message: "must not be empty" };
  if (scheme.verifier !== undefined) {
    const key = scheme.verifier.decodeSecret(secret);
    return typeof key === "string"
      ? { ok: false, message: key }
      : { ok: true, key: { keys: [key], handshakeSecret: undefined } };
  }
  for (const { equalsSecret: prefix } of scheme.handshakes.flatMap(({ conditions }) => conditions)) {
    if (prefix === undefined || !secret.startsWith(prefix)) continue;
    if (secret.length === prefix.length) return { ok: false, message: `must have a value after ${prefix}` };
    const handshakeSecret = { prefix, digest: sha256(Buffer.from(secret.slice(prefix.length), "utf8")) };
    return { ok: true, key: { keys: [], handshakeSecret } };
  }
  const served = methodsServedBy(secret, scheme.methods);
  const results = scheme.methods.map((method) => (served.includes(method) ? decodeKey(method, secret) : undefined));
  const keys = results.map((result) => (typeof result === "string" ? undefined : result));
  if (keys.some((key) => key !== undefined)) return { ok: true, key: { keys, handshakeSecret: undefined } };
  return { ok: false, message: results.find((result) => typeof result === "string") ?? "fits no method of the scheme" };
}

function methodsServedBy(secret: string, methods: readonly SignatureMethod[]): readonly SignatureMethod[] {
  const named = methods.filter(({ stripPrefix }) => stripPrefix !== undefined && secret.startsWith(stripPrefix));
  if (named.length > 0) return named;
  const unnamed = methods.filter(({ stripPrefix }) => stripPrefix === undefined);
  return unnamed.length > 0 ? unnamed : methods.slice(0, 1);
}

/** The key, or what is wrong with the secret. */
function decodeKey(method: SignatureMethod, secret: string): KeyObject | Buffer | string {
  const prefix = method.stripPrefix ?? "";
  const bytes = decodeSecret(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, method.secretEncoding);
  const after = prefix === "" ? "" : ` after ${prefix}`;
  if (bytes === undefined) return `must be ${method.secretEncoding}${after}`;
  if (bytes.length < method.minSecretBytes) return `must have at least ${method.minSecretBytes} bytes${after}`;
  if (method.algorithm === "static") return sha256(bytes);
  if (method.hmacHash !== undefined || method.algorithm === "sha256-prefix") return createSecretKey(bytes);
  return decodePublicKey(method, bytes);
}

function decodeSecret(text: string, encoding: SignatureMethod["secretEncoding"]): Buffer | undefined {
  if (encoding === "utf8") return Buffer.from(text, "utf8");
  if (encoding === "hex")
    return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text, "hex") : undefined;
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, "").length % 4 !== 1;
  return isBase64 ? Buffer.from(text, "base64") : undefined;
}

function decodePublicKey(method: SignatureMethod, bytes: Buffer): KeyObject | string {
  const expected = `must be a public key for ${method.algorithm}`;
  const isRawEd25519 = method.algorithm === "ed25519" && method.secretEncoding !== "utf8" && bytes.length === 32;
  let key: KeyObject;
  try {
    if (method.secretEncoding === "utf8") {
      const pem = bytes.toString("utf8");
      // Node would derive the public key from a private one, which then lay here for nothing.
      if (pem.includes("PRIVATE KEY")) return `${expected}, not a private one`;
      key = createPublicKey(pem);
    } else {
      const der = isRawEd25519 ? Buffer.concat([ed25519Header, bytes]) : bytes;
      key = createPublicKey({ key: der, format: "der", type: "spki" });
    }
  } catch {
    return expected;
  }
  if (method.algorithm === "ed25519") return key.asymmetricKeyType === "ed25519" ? key : expected;
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (method.algorithm === "ecdsa-p256") return namedCurve === "prime256v1" ? key : `${expected} (curve P-256)`;
  if (key.asymmetricKeyType !== "rsa") return expected;
  return modulusLength >= minRsaBits ? key : `${expected} of at least ${minRsaBits} bits`;
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
