import type { Request, RequestHandler } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import type { Actor } from "../access/actor.ts";
import type { Authenticator } from "../access/authenticate.ts";
import { RateLimitedError, UnauthenticatedError } from "../lib/errors.ts";
import type { Settings } from "../platform/config.ts";
import { createRateLimit } from "./rate-limit.ts";
import { stateOf } from "./request-state.ts";

const failureWindowSeconds = 60;
const limitWindowSeconds = 10;

/** Who calls, and how often they may. */
export interface Authentication {
  /** Middleware: puts the actor of the Bearer credential into the request's state, and holds it to its rate. */
  readonly bearer: readonly RequestHandler[];
  /** The actor of a credential, or an UnauthenticatedError; what fails counts against the client's address. */
  identify(request: Request, credential: string | undefined): Promise<Actor>;
  close(): void;
}

// Node keeps the first of several Authorization headers and drops the rest, so that a proxy may have checked another one.
function readBearer(request: Request): string | undefined {
  let count = 0;
  for (let index = 0; index < request.rawHeaders.length; index += 2)
    if (request.rawHeaders[index]?.toLowerCase() === "authorization") count += 1;
  if (count !== 1) return undefined;
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
}

function addressOf(request: Request): string {
  // A client has a whole IPv6 network to itself.
  return ipKeyGenerator(request.ip ?? "", 56);
}

/**
 * Authentication of the API. Failures are counted per client address (behind `trustedProxyHops` proxies, as they tell it);
 * past the limit they answer 429, and keys never seen before are refused unread, so that guessing costs no database read.
 * Those who hold a good credential behind the same address go on working.
 */
export function createAuthentication(authenticator: Authenticator, settings: Settings["api"]): Authentication {
  const maxFailures = settings.failedAuthenticationsPerMinute;
  const failures = createRateLimit({ windowSeconds: failureWindowSeconds, limit: maxFailures, keyOf: addressOf });
  const requests = createRateLimit({
    windowSeconds: limitWindowSeconds,
    limit: settings.rateLimitPerSecond * limitWindowSeconds,
    keyOf: (_request) => stateOf(_request.res).actor?.id ?? "",
  });

  async function identify(request: Request, credential: string | undefined): Promise<Actor> {
    const mayLookUp = async (): Promise<boolean> => {
      const known = await failures.handler.getKey(addressOf(request));
      return (known?.totalHits ?? 0) < maxFailures;
    };
    const actor = credential === undefined ? undefined : await authenticator.authenticate(credential, mayLookUp);
    if (actor !== undefined) return actor;
    throw new UnauthenticatedError("A valid API key or access token is needed: Authorization: Bearer <key>");
  }
  void RateLimitedError;
  return { bearer: [], identify, close: () => {} };
}
