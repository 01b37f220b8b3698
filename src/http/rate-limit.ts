import type { Request, Response } from "express";
import { MemoryStore, type RateLimitInfo, type RateLimitRequestHandler, rateLimit } from "express-rate-limit";
import { RateLimitedError } from "../lib/errors.ts";

/** How many requests one key may make in a window. */
export interface RateLimitOptions {
  readonly windowSeconds: number;
  readonly limit: number | ((request: Request, response: Response) => number);
  /** Whether each answer says how much is left; a webhook's sender does not read it. Retry-After comes in any case. */
  readonly announced: boolean;
  readonly keyOf: (request: Request, response: Response) => string;
}

/** A limit as middleware, and the end of its timers. */
export interface RateLimit {
  readonly handler: RateLimitRequestHandler;
  close(): void;
}

/**
 * A rate limit that announces itself in RateLimit headers (draft 7) and refuses with RateLimitedError and Retry-After. It
 * counts in this process alone: n processes let through n times as much, and none waits for a shared counter.
 */
export function createRateLimit({ windowSeconds, limit, announced, keyOf }: RateLimitOptions): RateLimit {
  const store = new MemoryStore();
  const handler = rateLimit({
    windowMs: windowSeconds * 1000,
    limit,
    keyGenerator: keyOf,
    standardHeaders: announced ? "draft-7" : false,
    legacyHeaders: false,
    store,
    // Its checks of our settings print to the console, which is the hub's log.
    validate: false,
    handler: (request, _response, next) => {
      const { rateLimit: state } = request as Request & { readonly rateLimit?: RateLimitInfo };
      const untilMs = state?.resetTime?.getTime();
      const retryAfterSeconds = untilMs === undefined ? windowSeconds : Math.max(1, (untilMs - Date.now()) / 1000);
      const message = `Too many requests within ${windowSeconds} seconds; slow down`;
      next(new RateLimitedError(message, { retryAfterSeconds }));
    },
  });
  return { handler, close: () => store.shutdown() };
}
