import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";

/**
 * Throws InvalidError, naming the field, for a URL that no call may go to, as far as that is known without asking DNS;
 * every call checks again.
 */
export function requireReachableUrl(ctx: Context, url: string, path = "url"): void {
  const checked = ctx.outbound.checkUrl(url);
  if (checked.ok) return;
  throw new InvalidError(`${path}: ${checked.reason}`, [{ path, message: checked.reason }]);
}
