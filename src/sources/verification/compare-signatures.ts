import { createHash, createHmac, timingSafeEqual, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { SignatureMethod } from "./signature-method.ts";
import type { SignedContent } from "./signed-content.ts";

/**
 * Whether one of the candidates is the key's signature of the content. All of them are compared, each in constant time, so that the
 * duration tells neither how much of one was right nor which.
 *
 * @param candidates of the exact length of the method's signatures, where it has one
 */
export function anySignatureMatches(
  method: SignatureMethod,
  key: KeyObject | Buffer,
  candidates: readonly Buffer[],
  content: SignedContent,
  rawBody: Buffer,
): boolean {
  let matches = 0;
  if (method.algorithm === "ed25519" || method.algorithm === "ecdsa-p256" || method.algorithm === "rsa-sha256") {
    if (Buffer.isBuffer(key)) return false;
    const signed = Buffer.concat([
      Buffer.from(content.before, "latin1"),
      rawBody,
      Buffer.from(content.after, "latin1"),
    ]);
    const hash = method.algorithm === "ed25519" ? null : "sha256";
    for (const candidate of candidates) matches |= Number(verify(hash, signed, key, candidate));
    return matches !== 0;
  }
  const expected = Buffer.isBuffer(key) ? key : expectedSignature(method, key, content, rawBody);
  for (const candidate of candidates) matches |= Number(timingSafeEqual(candidate, expected));
  return matches !== 0;
}

/**
 * The signature of the content by a key that is a secret. One KeyObject per secret, made once: with a Buffer, `createHmac` takes 14 µs
 * for 4 KB instead of 4 µs.
 */
export function expectedSignature(
  method: SignatureMethod,
  key: KeyObject,
  content: SignedContent,
  rawBody: Buffer,
): Buffer {
  const hash =
    method.hmacHash === undefined ? createHash("sha256").update(key.export()) : createHmac(method.hmacHash, key);
  if (content.before !== "") hash.update(content.before, "latin1");
  hash.update(rawBody);
  if (content.after !== "") hash.update(content.after, "latin1");
  return hash.digest();
}
