import assert from "node:assert/strict";
import { MAXIMUM_STEPS } from "../../src/routing/event-allowance.ts";
import type { EventDocument } from "../../src/routing/event-document.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { eventDocument } from "./event-document.ts";

/** A pattern that has to be valid, compiled; each evaluation may cost what one of a route may. */
export function compile(pattern: unknown) {
  const account = { remaining: 0 };
  const compiled = compileMatch(pattern, account);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  const firstMismatch = (document: EventDocument): string | undefined => {
    account.remaining = MAXIMUM_STEPS;
    return compiled.firstMismatch(document);
  };
  return { ...compiled, firstMismatch, match: (document: EventDocument) => firstMismatch(document) === undefined };
}

/** Whether a pattern matches an event. */
export const matches = (pattern: unknown, document: EventDocument): boolean => compile(pattern).match(document);

/** Whether a pattern for the whole body matches it. */
export const fits = (pattern: unknown, body: unknown): boolean => matches({ body: pattern }, eventDocument(body));

/** Whether a list of values matches a field. */
export const accepts = (values: unknown[], value: unknown): boolean => fits({ field: values }, { field: value });
