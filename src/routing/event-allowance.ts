import type { EventDocument } from "./event-document.ts";

/**
 * How much an evaluation may still cost, in steps of 5 to 20 ns: about one comparison each. A hostile body multiplied by a
 * large pattern or a loop would otherwise hold the event loop for seconds. Shared by the closures of a route.
 */
export interface StepAccount {
  remaining: number;
}

/**
 * For `match` and `when` of one route, a key, or a template: enough to look twice at each element of a list of half a million
 * numbers (a body of 1 MB). Measured at the limit: 4 to 20 ms, and 50 ms for wildcards made to search slowly.
 */
export const MAXIMUM_STEPS = 1_000_000;

/** For `match` and `when` of all routes: a body that costs one of them much may cost a thousand of them as much. */
const MAXIMUM_STEPS_PER_EVENT = 2_000_000;

const allowances = new WeakMap<EventDocument, StepAccount>();

/** What the routes may still spend on this event, all together. */
export function allowanceOf(document: EventDocument): StepAccount {
  let allowance = allowances.get(document);
  if (allowance === undefined) allowances.set(document, (allowance = { remaining: MAXIMUM_STEPS_PER_EVENT }));
  return allowance;
}
