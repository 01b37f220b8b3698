import assert from "node:assert/strict";
import type { EventDocument } from "../../src/routing/event-document.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { eventDocument } from "./event-document.ts";

/** A pattern that has to be valid, compiled. */
export function compile(pattern: unknown) {
  const compiled = compileMatch(pattern);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  return compiled;
}

/** Whether a pattern matches an event. */
export const matches = (pattern: unknown, document: EventDocument): boolean => compile(pattern).match(document);

/** Whether a pattern for the whole body matches it. */
export const fits = (pattern: unknown, body: unknown): boolean => matches({ body: pattern }, eventDocument(body));

/** Whether a list of values matches a field. */
export const accepts = (values: unknown[], value: unknown): boolean => fits({ field: values }, { field: value });
