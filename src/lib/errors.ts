/** One invalid field of a request: a JSON path such as `secrets.0` and a sentence for the person who sent it. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** What a HubError carries besides its message. */
export interface HubErrorDetails {
  /** The fields at fault, for validation errors. */
  readonly errors?: readonly FieldError[];
  /** Seconds after which trying again makes sense; becomes Retry-After. */
  readonly retryAfterSeconds?: number;
  /** The failure underneath: for the log, never for the caller. */
  readonly cause?: unknown;
}

/**
 * The base of every error the hub raises on purpose. `code` is stable and machine-readable, `message` names the remedy;
 * HTTP and the command line map it once. Anything else that is thrown is a bug and becomes a bare 500.
 */
export abstract class HubError extends Error {
  abstract readonly code: string;
  /** The HTTP status that tells this error apart (RFC 9110); the command line turns it into an exit code. */
  abstract readonly status: number;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, details: HubErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.errors = details.errors;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** 400: the request cannot be parsed at all. */
export class MalformedError extends HubError {
  readonly status = 400;
  readonly code: string;
  constructor(code: string, message: string, details?: HubErrorDetails) {
    super(message, details);
    this.code = code;
  }
}

/** 401: no valid credential. The message never says which check failed. */
export class UnauthenticatedError extends HubError {
  readonly status = 401;
  readonly code = "unauthenticated";
}

/** 403: a valid credential without this permission. */
export class ForbiddenError extends HubError {
  readonly status = 403;
  readonly code = "forbidden";
}

/** 404: no such thing in the caller's project. */
export class NotFoundError extends HubError {
  readonly status = 404;
  readonly code = "not_found";
}

/** 409: the request is fine, but not in the present state; `code` says which rule. */
export class ConflictError extends HubError {
  readonly status = 409;
  readonly code: string;
  constructor(code: string, message: string, details?: HubErrorDetails) {
    super(message, details);
    this.code = code;
  }
}

/** 410: it was there, and was erased on purpose. */
export class GoneError extends HubError {
  readonly status = 410;
  readonly code: string;
  constructor(code: string, message: string, details?: HubErrorDetails) {
    super(message, details);
    this.code = code;
  }
}

/** 413: the body is over its limit. */
export class TooLargeError extends HubError {
  readonly status = 413;
  readonly code = "payload_too_large";
}

/** 415: a content type or encoding that is not accepted here. */
export class UnsupportedMediaError extends HubError {
  readonly status = 415;
  readonly code = "unsupported_media_type";
}

/** 422: well-formed, but invalid; `errors` names the fields. */
export class InvalidError extends HubError {
  readonly status = 422;
  readonly code: string;
  constructor(message: string, errors: readonly FieldError[], code = "invalid") {
    super(message, { errors });
    this.code = code;
  }
}

/** 429: over a limit; `retryAfterSeconds` says when to come back. */
export class RateLimitedError extends HubError {
  readonly status = 429;
  readonly code = "rate_limited";
}

/** 503: the hub cannot do this now (database away, queue full, stopping); trying again later is right. */
export class UnavailableError extends HubError {
  readonly status = 503;
  readonly code: string;
  constructor(code: string, message: string, details?: HubErrorDetails) {
    super(message, details);
    this.code = code;
  }
}
