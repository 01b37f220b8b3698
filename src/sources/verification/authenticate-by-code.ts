import type { X509Certificate } from "node:crypto";
import type { ParsedBody } from "../../lib/parse-body.ts";
import type { Authenticated } from "./authenticate.ts";
import type { CodeRequest, CodeVerifier, NeedsCertificate } from "./code-verifier.ts";
import type { KeyMaterial } from "./key-material.ts";
import type { PickedHeaders } from "./pick-headers.ts";
import type { RejectionReason } from "./rejection.ts";
import type { SignedRequest } from "./signed-content.ts";

interface RawRequest extends SignedRequest {
  readonly query?: string | undefined;
  readonly certificateOf?: (url: string) => X509Certificate | undefined;
}

/** A request in the form in which a verifier in code reads it. */
export function readCodeRequest(
  request: RawRequest,
  { values }: PickedHeaders,
  readBody: () => ParsedBody,
): CodeRequest {
  const { rawBody, method, url, nowMs, toleranceSeconds, query, certificateOf = () => undefined } = request;
  return { rawBody, method, url, nowMs, toleranceSeconds, headers: values, query, readBody, certificateOf };
}

/** An empty object says that it is verified: neither a method nor a key of a scheme did it. */
export function authenticateByCode(
  verifier: CodeVerifier,
  request: CodeRequest,
  secrets: readonly KeyMaterial[],
): Partial<Authenticated> | RejectionReason | NeedsCertificate {
  const keys = secrets.flatMap((secret) => secret.keys[0] ?? []);
  if (keys.length === 0) return "no_live_secret";
  const result = verifier.authenticate(request, keys);
  return result === "verified" ? {} : result;
}
