import type { Request, Response } from "express";
import { MemoryStore, type RateLimitRequestHandler, rateLimit } from "express-rate-limit";
import { RateLimitedError } from "../lib/errors.ts";

/** How many requests one key may make in a window. */
export interface RateLimitOptions {
  readonly windowSeconds: number;
  readonly limit: number | ((request: Request, response: Response) => number);
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
export function createRateLimit({ windowSeconds, limit, keyOf }: RateLimitOptions): RateLimit {
  const store = new MemoryStore();
  const handler = rateLimit({
    windowMs: windowSeconds * 1000,
    limit,
    keyGenerator: keyOf,
    standardHeaders: "draft-7",
    legacyHeaders: false,
    store,
    // Its checks of our settings print to the console, which is the hub's log.
    validate: false,
    // Retry-After is on the response already.
    handler: (_request, _response, next) => {
      next(new RateLimitedError(`Too many requests within ${windowSeconds} seconds; slow down`));
    },
  });
  return { handler, close: () => store.shutdown() };
}
