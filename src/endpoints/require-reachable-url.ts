import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";

/**
 * Throws InvalidError for a URL that no delivery may go to, as far as that is known without asking DNS; every delivery
 * checks again.
 */
export function requireReachableUrl(ctx: Context, url: string): void {
  const checked = ctx.outbound.checkUrl(url);
  if (checked.ok) return;
  throw new InvalidError(`url: ${checked.reason}`, [{ path: "url", message: checked.reason }]);
}
