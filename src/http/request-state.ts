import type { Response } from "express";
import type { Actor } from "../access/actor.ts";

/** What is known of a request while it is handled, and goes into its one log line at the end. */
export interface RequestState {
  /** Our own: a client's could be chosen to confuse whoever reads the log. */
  requestId: string;
  /** `performance.now()` at its beginning. */
  startedAtMs: number;
  /** The path as the API declares it, e.g. `/api/v1/sources/{id}`; absent while no operation has matched. */
  path?: string;
  actor?: Actor;
  /** The `code` of the problem it was answered with. */
  code?: string;
  /** What went wrong on our side. */
  failure?: unknown;
}

/** The state of the request that this is the response to. Empty on the inbound side, which keeps its own. */
export function stateOf(response: Response): Partial<RequestState> {
  return response.locals;
}
