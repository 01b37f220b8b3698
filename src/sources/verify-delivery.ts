import type { Services } from "../platform/services.ts";
import type { CertificateCache } from "./fetch-certificate.ts";
import type { SourceRecord } from "./source-cache.ts";
import type { RawHeaders } from "./verification/pick-headers.ts";
import type { Rejection } from "./verification/rejection.ts";
import { verifyInbound } from "./verify-inbound.ts";
import type { VerifiedRequest } from "./verify-request.ts";

/** A request to a source, as it came over the wire. */
export interface SourceRequest {
  readonly method: string;
  readonly headers: RawHeaders;
  /** What stands after `?`. */
  readonly query?: string | undefined;
  readonly rawBody: Buffer;
}

/**
 * Decides whether a request is what the source's provider sends. Throws UnavailableError when a secret cannot be opened, or a
 * certificate cannot be fetched.
 */
export function verifyDelivery(
  services: Pick<Services, "clock" | "publicUrl">,
  certificates: CertificateCache,
  source: SourceRecord,
  request: SourceRequest,
): VerifiedRequest | Rejection | Promise<VerifiedRequest | Rejection> {
  const nowMs = services.clock.now();
  const { toleranceSeconds, scheme } = source;
  const url = signedUrlOf(services, source);
  return verifyInbound({ ...request, url, keys: source.keysAt(nowMs), nowMs, toleranceSeconds }, scheme, certificates);
}

/** The URL that the source's sender was given, and signs where it signs URLs: never one from the request's own headers. */
export function signedUrlOf({ publicUrl }: Pick<Services, "publicUrl">, { url, wireId }: SourceRecord): string {
  return url ?? `${publicUrl()}/in/${wireId}`;
}
