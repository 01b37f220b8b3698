import type { Response } from "express";

// Proxies cut off what says nothing for a minute.
const everyMs = 20_000;

/** Writes a comment now and then into a stream of server-sent events that has nothing to tell. */
export function keepAlive(response: Response): void {
  const timer = setInterval(() => {
    if (response.headersSent && !response.writableEnded) response.write(":\n\n");
  }, everyMs);
  response.once("close", () => clearInterval(timer));
}
