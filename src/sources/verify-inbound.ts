import type { CompiledScheme } from "./compile-scheme.ts";
import type { CertificateCache } from "./fetch-certificate.ts";
import type { Rejection } from "./verification/rejection.ts";
import { decideRequest, type InboundRequest, type VerifiedRequest, verifyRequest } from "./verify-request.ts";

/**
 * Decides whether a request is what its source's provider sends: at once for every scheme, and for every verifier that has what it needs.
 * Where a certificate has to be fetched first, the answer is a promise; it rejects with UnavailableError `certificate_unavailable`
 * (503, so that the sender tries again) when it cannot be.
 *
 * A verified request with a `handshake` goes to `completeHandshake` before it is answered.
 */
export function verifyInbound(
  request: InboundRequest,
  scheme: CompiledScheme,
  certificates: CertificateCache,
): VerifiedRequest | Rejection | Promise<VerifiedRequest | Rejection> {
  if (scheme.verifier === undefined) return verifyRequest(request, scheme);
  const decision = decideRequest({ ...request, certificateOf: (url) => certificates.find(url) }, scheme);
  if (!("needs" in decision)) return decision;
  return certificates
    .fetch(decision.url)
    .then((certificate) =>
      verifyRequest({ ...request, certificateOf: (url) => (url === decision.url ? certificate : undefined) }, scheme),
    );
}
