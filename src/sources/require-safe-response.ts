import { InvalidError } from "../lib/errors.ts";
import { providers } from "./providers/catalogue.ts";
import type { SourceResponse } from "./source-response.ts";

/** Throws InvalidError for an answer that the provider takes for a failure: it would send every event again, and then give up. */
export function requireSafeResponse(provider: string, { status }: SourceResponse): void {
  const known = providers.get(provider);
  if (known?.successStatus === undefined || status === known.successStatus) return;
  const message = `must be ${known.successStatus}: ${known.name} takes anything else for a failure`;
  throw new InvalidError(`response.status ${message}`, [{ path: "response.status", message }]);
}
