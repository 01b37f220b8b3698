import { STATUS_CODES } from "node:http";
import { HubError, MalformedError, TooLargeError, UnauthenticatedError, UnsupportedMediaError } from "../lib/errors.ts";
import type { Answer } from "./operation.ts";

/** The content type of every error (RFC 9457). */
export const problemType = "application/problem+json";

// Errors of Express, its router and its body parsers, which carry a status: a path that does not decode, a body over its
// limit or shorter than its length, an encoding.
function translate(error: unknown): unknown {
  if (error instanceof HubError || !(error instanceof Error) || !("status" in error)) return error;
  if (error.status === 413) return new TooLargeError("The body is over the size limit", { cause: error });
  if (error.status === 415)
    return new UnsupportedMediaError("Send the body without compression, in UTF-8", { cause: error });
  if (error.status === 400)
    return new MalformedError("malformed_request", "The request is malformed", { cause: error });
  return error;
}

// What this error says is for the operator, and is in the log.
function detailOf(error: HubError): string {
  return error.code === "secret_unreadable"
    ? "A stored secret cannot be read; the hub's log tells its operator why"
    : error.message;
}

function headersOf(error: HubError): Record<string, string> {
  return {
    ...(error.retryAfterSeconds === undefined ? {} : { "Retry-After": String(Math.ceil(error.retryAfterSeconds)) }),
    // RFC 6750 §3. No error attribute: it would say which check failed.
    ...(error instanceof UnauthenticatedError ? { "WWW-Authenticate": 'Bearer realm="hookyard"' } : {}),
  };
}

/** An error as the answer to a request. */
export interface Problem {
  readonly answer: Answer;
  readonly code: string;
  /** What the log shall hold of it: everything that is our fault, with its stack. */
  readonly failure?: unknown;
}

/**
 * The problem+json answer (RFC 9457) for anything thrown. `type` says that the status is all there is
 * to look up (§4.2.1); `code` is what tells errors apart. What is not a HubError is a bug and answers a bare 500, which says nothing of it.
 */
export function problemOf(thrown: unknown, requestId: string | undefined): Problem {
  const error = translate(thrown);
  const known = error instanceof HubError ? error : undefined;
  const status = known?.status ?? 500;
  const code = known?.code ?? "internal_error";
  const body = {
    type: "about:blank",
    title: STATUS_CODES[status],
    status,
    detail: known === undefined ? "Something went wrong inside the hub" : detailOf(known),
    code,
    errors: known?.errors,
    requestId,
  };
  const headers = known === undefined ? {} : headersOf(known);
  return {
    answer: { status, body, contentType: problemType, headers },
    code,
    ...(status >= 500 ? { failure: error } : {}),
  };
}
