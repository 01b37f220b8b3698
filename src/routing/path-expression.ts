import { type EventDocument, eventDocumentKeys } from "./event-document.ts";
import { ownField } from "./json-object.ts";

type CompiledExpression =
  | {
      readonly ok: true;
      /** Never throws; `undefined` when the event has no such value. */
      readonly evaluate: (document: EventDocument) => unknown;
    }
  | {
      readonly ok: false;
      readonly message: string;
      /** Characters from the start of the expression. */
      readonly offset: number;
    };

const MAXIMUM_STEPS = 32;

/** Never read, at any level: a route that names one of them is a mistake or an attempt (BAD-INPUT.md). */
const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const bracketIndex = /\[(\d{1,9})\]/y;
const bracketKey = /\["((?:[^"\\]|\\["'\\])*)"\]|\['((?:[^'\\]|\\["'\\])*)'\]/y;

/**
 * Compiles the path in a template's placeholder: `event.body.issue.title`, `event.body["a.b"]`, `event.body.list[0]`.
 * All of it is also CEL, so that a route written today keeps its meaning under full expressions; hence brackets for a
 * key such as `["x-github-event"]`.
 */
export function compilePathExpression(source: string): CompiledExpression {
  const fail = (message: string, offset: number): CompiledExpression => ({ ok: false, message, offset });
  const start = source.length - source.trimStart().length;
  const root = read(identifier, source, start)?.[0];
  if (root !== "event") return fail('must begin with "event"', start);

  const steps: (string | number)[] = [];
  const end = source.trimEnd().length;
  let index = start + root.length;
  while (index < end) {
    const found = readStep(source, index);
    if (found === undefined) return fail('must go on with .name, [0] or ["any key"]', index);
    const { step } = found;
    if (typeof step === "string" && forbiddenKeys.has(step)) return fail(`must not read "${step}"`, index);
    if (steps.length === 0 && !eventDocumentKeys.includes(String(step))) {
      return fail(`reads what no event has; after "event" comes one of ${eventDocumentKeys.join(", ")}`, index);
    }
    if (steps.length === MAXIMUM_STEPS) return fail(`has more than ${MAXIMUM_STEPS} steps`, index);
    steps.push(step);
    index = found.end;
  }
  return { ok: true, evaluate: (document) => follow(document, steps) };
}

/** The step that begins at an index: a key as a string, the place in a list as a number. */
function readStep(source: string, index: number): { readonly step: string | number; readonly end: number } | undefined {
  if (source[index] === ".") {
    const name = read(identifier, source, index + 1)?.[0];
    return name === undefined ? undefined : { step: name, end: index + 1 + name.length };
  }
  const place = read(bracketIndex, source, index);
  if (place !== undefined) return { step: Number(place[1]), end: index + place[0].length };
  const key = read(bracketKey, source, index);
  if (key === undefined) return undefined;
  return { step: (key[1] ?? key[2] ?? "").replaceAll(/\\(.)/g, "$1"), end: index + key[0].length };
}

function read(token: RegExp, source: string, index: number): RegExpExecArray | undefined {
  token.lastIndex = index;
  return token.exec(source) ?? undefined;
}

/** A number reads lists and a key reads objects, never the other way about: `length` is no key of a list. */
function follow(document: EventDocument, steps: readonly (string | number)[]): unknown {
  let value: unknown = document;
  for (const step of steps) {
    if (value === undefined) return undefined;
    const isList = Array.isArray(value);
    if (typeof step === "number") value = isList ? (value as readonly unknown[])[step] : undefined;
    else value = isList ? undefined : ownField(value, step);
  }
  return value;
}
