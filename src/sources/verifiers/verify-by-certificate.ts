import { verify } from "node:crypto";
import type { X509Certificate } from "node:crypto";
import type { CodeRequest, NeedsCertificate } from "../verification/code-verifier.ts";
import type { RejectionReason } from "../verification/rejection.ts";

const minRsaBits = 2048;

/**
 * Checks an RSA signature (PKCS #1 v1.5) by the certificate at a URL, which the caller has found to be the provider's own.
 *
 * @param contents of which one must be what was signed
 */
export function verifyByCertificate(
  { certificateOf, nowMs }: CodeRequest,
  url: string,
  hash: "sha1" | "sha256",
  contents: readonly string[],
  signature: Buffer,
): "verified" | RejectionReason | NeedsCertificate {
  const certificate = certificateOf(url);
  if (certificate === undefined) return { needs: "certificate", url };
  if (!isUsable(certificate, nowMs)) return "bad_certificate";
  const matches = contents.some((content) => verify(hash, Buffer.from(content), certificate.publicKey, signature));
  return matches ? "verified" : "signature_mismatch";
}

function isUsable({ validFrom, validTo, publicKey }: X509Certificate, nowMs: number): boolean {
  if (!(nowMs >= Date.parse(validFrom) && nowMs <= Date.parse(validTo))) return false;
  return publicKey.asymmetricKeyType === "rsa" && (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) >= minRsaBits;
}
