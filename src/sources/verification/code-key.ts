import { createHash, createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { CodeKey } from "./code-verifier.ts";

/** A secret whose text is the key. */
export function textKey(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret, "utf8"));
}

/** A secret that is never a key, only compared: kept as its SHA-256, so that a comparison does not tell its length. */
export function comparedKey(secret: string): Buffer {
  return createHash("sha256").update(secret, "utf8").digest();
}

/** Whether the text is one of the secrets, in constant time. */
export function isAnyOf(keys: readonly CodeKey[], text: string): boolean {
  const digest = comparedKey(text);
  let matches = 0;
  for (const key of keys) if (Buffer.isBuffer(key)) matches |= Number(timingSafeEqual(key, digest));
  return matches !== 0;
}

/** Whether one of the keys made this HMAC of the content, in constant time. The signature has the length of the hash. */
export function isSignedByAny(
  keys: readonly CodeKey[],
  hash: "sha1" | "sha256",
  content: string | Buffer,
  signature: Buffer,
): boolean {
  let matches = 0;
  for (const key of keys)
    if (!Buffer.isBuffer(key))
      matches |= Number(timingSafeEqual(createHmac(hash, key).update(content).digest(), signature));
  return matches !== 0;
}
