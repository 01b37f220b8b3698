import { randomBytes } from "node:crypto";

const PREFIX = "whsec_";

/** Standard Webhooks asks for 24 to 64 bytes; 32 is the width of HMAC-SHA256. */
const GENERATED_BYTES = 32;
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** A new signing secret: `whsec_` and the base64 of 32 random bytes. */
export function generateEndpointSecret(): string {
  return PREFIX + randomBytes(GENERATED_BYTES).toString("base64");
}

/**
 * What is wrong with a secret that a user brought along, or undefined when it is `whsec_` and the canonical, padded
 * base64 of 24 to 64 bytes. The message never repeats the secret.
 */
export function endpointSecretProblem(secret: string): string | undefined {
  if (!secret.startsWith(PREFIX)) return `must start with "${PREFIX}"`;
  const encoded = secret.slice(PREFIX.length);
  const key = Buffer.from(encoded, "base64");
  // Buffer skips what is not base64 and takes base64url and missing padding, on which verifiers disagree.
  if (key.toString("base64") !== encoded) return `must be standard base64 with padding after "${PREFIX}"`;
  if (key.length < MIN_BYTES || key.length > MAX_BYTES) {
    return `must encode ${MIN_BYTES} to ${MAX_BYTES} bytes, not ${key.length}`;
  }
  return undefined;
}
