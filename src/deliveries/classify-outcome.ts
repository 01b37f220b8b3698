import { retryDelaySeconds } from "../lib/backoff.ts";
import { parseRetryAfter } from "../lib/retry-after.ts";
import type { OutboundResult } from "../platform/outbound-exchange.ts";
import type { OutboundFailureReason } from "../platform/outbound-failure.ts";

/** A receiver cannot put a delivery off for longer than the schedule's longest step. */
const MAX_RETRY_AFTER_SECONDS = 86_400;

/** How a call ended, or that none was made because it could not be signed, or had nothing to log in with. */
export type AttemptResult =
  | OutboundResult
  | {
      readonly kind: "failure";
      readonly reason: "unsigned" | "no_credentials";
      readonly detail: string;
      readonly durationMs: number;
    };

/**
 * How one attempt went, in one word to filter by: `succeeded` (any 2xx), the class of another status, or why there was
 * no complete response. The exact status and the detail stand beside it in the attempt's row.
 */
export type AttemptOutcome =
  | "succeeded"
  | "http_3xx"
  | "http_4xx"
  | "http_5xx"
  | OutboundFailureReason
  | "unsigned"
  | "no_credentials";

/** What an attempt means for its delivery. */
export type DeliveryOutcome =
  | { readonly state: "succeeded"; readonly outcome: AttemptOutcome }
  | {
      readonly state: "retry";
      readonly outcome: AttemptOutcome;
      /** Unix time in milliseconds. */
      readonly atMs: number;
      /** False when the hub itself broke the attempt off: it does not use up a step of the schedule. */
      readonly charged: boolean;
    }
  | {
      readonly state: "failed";
      readonly outcome: AttemptOutcome;
      /** The receiver answered 410 Gone: no message must go to this endpoint any more. */
      readonly disableEndpoint: boolean;
    };

/** What `classifyOutcome` looks at. */
export interface AttemptToClassify {
  readonly result: AttemptResult;
  /** Attempts that were charged to the delivery, this one included. */
  readonly attemptsMade: number;
  /** Delays in seconds after the first, second … attempt. */
  readonly scheduleSeconds: readonly number[];
  /** By how much a delay may be shorter or longer, as a part of it; 0.2 when absent. */
  readonly jitter?: number;
  /** Unix time in milliseconds after which no retry is planned. */
  readonly windowEndsAtMs?: number | undefined;
  /** Unix time in milliseconds at which the attempt ended. */
  readonly nowMs: number;
  /** Returns [0, 1), as Math.random does. */
  readonly random: () => number;
}

/**
 * Decides what becomes of a delivery after an attempt.
 * - 2xx succeeds; 410 fails at once and disables the endpoint.
 * - Everything else is retried on the schedule until it is exhausted: 3xx (never followed), other 4xx and 5xx, and every
 *   failure. `blocked` too: a name that points to a private address for an hour, in a botched DNS change, must not lose
 *   its deliveries, and a retry asks and checks again. `unsigned` too: it ends when the secret is replaced.
 * - 429 and 503 honour Retry-After (at most 24 h): the next attempt comes at the later of what the receiver asks for and
 *   what the schedule says. The schedule is the floor because a receiver that always answers "1" would otherwise use up
 *   ten attempts in ten seconds.
 * - No retry is planned for after the endpoint's window: the delivery fails at once then.
 * - `aborted` is the hub's own doing (shutdown): due again at once, and not charged.
 */
export function classifyOutcome(attempt: AttemptToClassify): DeliveryOutcome {
  const { result, nowMs } = attempt;
  const outcome = attemptOutcome(result);
  if (outcome === "succeeded") return { state: "succeeded", outcome };
  if (outcome === "aborted") return { state: "retry", outcome, atMs: nowMs, charged: false };
  if (result.kind === "response" && result.status === 410) return { state: "failed", outcome, disableEndpoint: true };

  const { scheduleSeconds, attemptsMade, random, jitter, windowEndsAtMs } = attempt;
  const scheduled = retryDelaySeconds(scheduleSeconds, attemptsMade, random, jitter);
  if (scheduled === undefined) return { state: "failed", outcome, disableEndpoint: false };
  const delaySeconds = Math.max(scheduled, retryAfterSeconds(result, nowMs) ?? 0);
  const atMs = nowMs + Math.round(delaySeconds * 1000);
  if (windowEndsAtMs !== undefined && atMs > windowEndsAtMs)
    return { state: "failed", outcome, disableEndpoint: false };
  return { state: "retry", outcome, atMs, charged: true };
}

/**
 * Whether a receiver that answers so gets too much (429), or what stands before it says so (502, 504): it wants fewer requests
 * (Standard Webhooks, "Responding to webhooks").
 */
export function isThrottling(status: number | undefined): boolean {
  return status === 429 || status === 502 || status === 504;
}

function attemptOutcome(result: AttemptResult): AttemptOutcome {
  if (result.kind === "failure") return result.reason;
  if (result.status >= 200 && result.status < 300) return "succeeded";
  if (result.status >= 300 && result.status < 400) return "http_3xx";
  if (result.status >= 400 && result.status < 500) return "http_4xx";
  // A status outside 100–599 is to be taken as a 5xx (RFC 9110 §15).
  return "http_5xx";
}

function retryAfterSeconds(result: AttemptResult, nowMs: number): number | undefined {
  if (result.kind !== "response" || (result.status !== 429 && result.status !== 503)) return undefined;
  const value = result.headers["retry-after"];
  return value === undefined ? undefined : parseRetryAfter(value, nowMs, MAX_RETRY_AFTER_SECONDS);
}
