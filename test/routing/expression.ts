import assert from "node:assert/strict";
import { compileCel } from "../../src/routing/cel.ts";
import { MAXIMUM_STEPS } from "../../src/routing/event-allowance.ts";
import type { EventDocument } from "../../src/routing/event-document.ts";
import { eventDocument } from "./event-document.ts";

/** What an expression gives for an event, which may cost what a route's condition may. */
export function evaluate(source: string, document: EventDocument) {
  const account = { remaining: MAXIMUM_STEPS };
  const compiled = compileCel(source, account);
  assert.ok(compiled.ok, `${source}: ${JSON.stringify(compiled)}`);
  return compiled.evaluate(document);
}

/** The value that an expression gives for a body. */
export function valueOf(source: string, body: unknown = {}): unknown {
  const result = evaluate(source, eventDocument(body));
  assert.ok(result.ok, `${source}: ${JSON.stringify(result)}`);
  return result.value;
}

/** Why an expression gives no value for a body. */
export function faultOf(source: string, body: unknown = {}): { isAbsent: boolean; message: string } {
  const result = evaluate(source, eventDocument(body));
  assert.ok(!result.ok, `${source}: ${JSON.stringify(result)}`);
  return { isAbsent: result.isAbsent, message: result.message };
}
