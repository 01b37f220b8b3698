import { ConflictError } from "../lib/errors.ts";
import type { StoredVerification } from "./endpoint-verification.ts";
import type { EndpointRow } from "./store.ts";

/** Throws ConflictError `endpoint_unverified` for an endpoint that is still to show that it wants to be called. */
export function requireVerified({ verification }: EndpointRow): void {
  const stored = verification as StoredVerification | null;
  if (stored === null || stored.verifiedAt !== undefined) return;
  throw new ConflictError("endpoint_unverified", "The endpoint has not been verified; POST …/verify asks it");
}
