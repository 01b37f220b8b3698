/**
 * Why an expression has no value, in place of one. Each is made once, when the expression is compiled: a list of 100,000
 * elements that each fail costs no 100,000 stack traces.
 */
export class Fault {
  readonly ok = false;
  /** The event has no such value; otherwise it has one of the wrong kind, or costs too much to look at. */
  readonly isAbsent: boolean;
  /** Where in the expression, and what. Holds nothing of the event. */
  readonly message: string;

  constructor(isAbsent: boolean, message: string) {
    this.isAbsent = isAbsent;
    this.message = message;
  }
}

export type CelResult = { readonly ok: true; readonly value: unknown } | Fault;

/** One piece of an expression. The frame holds `event` at 0, and then what macros bind. */
export type Evaluate = (frame: unknown[]) => unknown;

/** True for what CEL calls a map: an object of the event, or one that the expression made. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** True for what CEL calls a list. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
