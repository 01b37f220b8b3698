/**
 * Why a request is refused. For the operator's rejection log only: the sender never learns which check failed. The words are
 * stable: logs, metrics and the dashboard group by them.
 */
const rejectionStatus = {
  no_live_secret: 401,
  missing_signature: 401,
  duplicate_signature_header: 401,
  duplicate_header: 401,
  malformed_signature: 401,
  too_many_signatures: 401,
  unknown_version: 401,
  bad_timestamp: 401,
  stale_timestamp: 401,
  future_timestamp: 401,
  bad_id: 401,
  bad_signed_value: 401,
  signature_mismatch: 401,
  wrong_sender: 401,
  untrusted_url: 401,
  bad_certificate: 401,
  no_handshake: 401,
  secret_already_known: 401,
  empty_body: 400,
  bad_utf8: 400,
  byte_order_mark: 400,
  not_json: 400,
  not_form: 400,
  too_deep: 400,
  bad_handshake: 400,
} as const;

export type RejectionReason = keyof typeof rejectionStatus;

/** All of them. docs/sources.md says what each means. */
export const rejectionReasons = Object.keys(rejectionStatus) as RejectionReason[];

/** A refused request: 401 for what does not verify, 400 for a verified body that the provider's format forbids. */
export interface Rejection {
  readonly ok: false;
  readonly reason: RejectionReason;
  readonly status: 401 | 400;
}

export function reject(reason: RejectionReason): Rejection {
  return { ok: false, reason, status: rejectionStatus[reason] };
}
