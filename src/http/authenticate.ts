import type { Request, RequestHandler, Response } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import type { Actor } from "../access/actor.ts";
import type { Authenticator } from "../access/authenticate.ts";
import { UnauthenticatedError } from "../lib/errors.ts";
import type { Settings } from "../platform/config.ts";
import { createRateLimit } from "./rate-limit.ts";
import { stateOf } from "./request-state.ts";

const failureWindowSeconds = 60;
const limitWindowSeconds = 10;
// A client has a whole IPv6 network to itself; providers give out a /56.
const addressBits = 56;

/** Who calls, and how often they may. */
export interface Authentication {
  /** Middleware: puts the actor of the Bearer credential into the request's state. */
  readonly requireBearer: RequestHandler;
  /** Middleware: holds the actor to its rate. */
  readonly limitRate: RequestHandler;
  /** Middleware: holds a client's address to the same rate, for calls whose credential is their path. */
  readonly limitAddress: RequestHandler;
  /** The actor of a credential. What fails counts against the client's address: UnauthenticatedError, RateLimitedError. */
  identify(request: Request, response: Response, credential: string | undefined): Promise<Actor>;
  close(): void;
}

// Node keeps the first of several Authorization headers and drops the rest: a proxy in front may have checked another one.
function hasOneAuthorization({ rawHeaders }: Request): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === "authorization") count += 1;
  return count === 1;
}

function readBearer(request: Request): string | undefined {
  if (!hasOneAuthorization(request)) return undefined;
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
}

function addressOf(request: Request): string {
  return ipKeyGenerator(request.ip ?? "", addressBits);
}

/**
 * Authentication of the API. Failures are counted per client address (as `trustedProxyHops` proxies tell it); past the
 * limit they answer 429, and keys never seen before are refused unread, so that guessing costs no database read. Those who
 * hold a good credential behind the same address go on working.
 */
export function createAuthentication(authenticator: Authenticator, settings: Settings["api"]): Authentication {
  const maxFailures = settings.failedAuthenticationsPerMinute;
  const failures = createRateLimit({
    windowSeconds: failureWindowSeconds,
    limit: maxFailures,
    announced: true,
    keyOf: addressOf,
  });
  const requests = createRateLimit({
    windowSeconds: limitWindowSeconds,
    limit: settings.rateLimitPerSecond * limitWindowSeconds,
    announced: true,
    // A subscriber that clicks too often must not lock out the others, nor the key that its token is of.
    keyOf: (_request, response) => {
      const { id = "", subscriberId = "" } = stateOf(response).actor ?? {};
      return `${id} ${subscriberId}`;
    },
  });

  const addresses = createRateLimit({
    windowSeconds: limitWindowSeconds,
    limit: settings.rateLimitPerSecond * limitWindowSeconds,
    announced: true,
    keyOf: addressOf,
  });

  async function identify(request: Request, response: Response, credential: string | undefined): Promise<Actor> {
    const mayLookUp = async (): Promise<boolean> => {
      const known = await failures.handler.getKey(addressOf(request));
      return (known?.totalHits ?? 0) < maxFailures;
    };
    const actor = credential === undefined ? undefined : await authenticator.authenticate(credential, mayLookUp);
    if (actor !== undefined) return actor;
    await new Promise<void>((resolve, reject) => {
      void failures.handler(request, response, (error?: unknown) => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
    throw new UnauthenticatedError("A valid credential is needed: Authorization: Bearer <API key or access token>");
  }

  return {
    identify,
    limitRate: requests.handler,
    limitAddress: addresses.handler,

    requireBearer: async (request, response, next) => {
      stateOf(response).actor = await identify(request, response, readBearer(request));
      next();
    },

    close: () => {
      failures.close();
      requests.close();
      addresses.close();
    },
  };
}
