import { hash, randomBytes } from "node:crypto";

/** A lease's fencing token: whoever holds it may speak for this one attempt. 256 random bits, kept only as a hash. */
export function createLeaseToken(): string {
  return `lease_${randomBytes(32).toString("base64url")}`;
}

/** What the database keeps of a token. */
export function hashLeaseToken(token: string): Buffer {
  return hash("sha256", token, "buffer");
}
