import { parsePointer, readPointerText } from "./json-pointer.ts";
import type { PointerPath } from "./json-pointer.ts";
import { listOf } from "./scheme-shape.ts";
import type { CompleteValueShape, ValuePartShape, ValueShape } from "./scheme-shape.ts";

type EventValuePart =
  | { readonly kind: "header"; readonly names: readonly string[]; readonly except: ReadonlySet<string> | undefined }
  | {
      readonly kind: "pointer";
      readonly paths: readonly PointerPath[];
      readonly except: ReadonlySet<string> | undefined;
    }
  | { readonly kind: "keyOtherThan"; readonly keys: ReadonlySet<string> };

/** One place, or several that are joined. */
interface CompleteValue {
  readonly parts: readonly EventValuePart[];
  readonly separator: string;
}

/** Where a delivery id or an event type is read. */
export interface EventValue {
  /** Of these, the first that is there counts. */
  readonly choices: readonly CompleteValue[];
  /** The headers among these places, in lower case. */
  readonly headers: readonly string[];
}

export function compileEventValue(value: ValueShape | undefined): EventValue | undefined {
  if (value === undefined) return undefined;
  const choices = ("firstOf" in value ? value.firstOf : [value]).map(compileComplete);
  const parts = choices.flatMap((choice) => choice.parts);
  return { choices, headers: parts.flatMap((part) => (part.kind === "header" ? part.names : [])) };
}

/**
 * The value, or undefined when its first part is absent, or with `complete`, when any part is: an id of half its parts would
 * make one of two events, while a type without its action is still a type (GitHub's `push`).
 */
export function readEventValue(
  value: EventValue,
  body: unknown,
  headers: ReadonlyMap<string, string>,
  complete: boolean,
): string | undefined {
  for (const choice of value.choices) {
    const text = readComplete(choice, body, headers, complete);
    if (text !== undefined) return text;
  }
  return undefined;
}

function compileComplete(value: CompleteValueShape): CompleteValue {
  return {
    parts: ("joined" in value ? value.joined : [value]).map(compilePart),
    separator: ("joined" in value ? value.separator : undefined) ?? ".",
  };
}

function compilePart(part: ValuePartShape): EventValuePart {
  if ("keyOtherThan" in part) return { kind: "keyOtherThan", keys: new Set(part.keyOtherThan) };
  const except = part.except === undefined ? undefined : new Set(part.except);
  if ("header" in part) return { kind: "header", names: listOf(part.header).map((name) => name.toLowerCase()), except };
  return { kind: "pointer", paths: listOf(part.pointer).map(parsePointer), except };
}

function readComplete(
  { parts, separator }: CompleteValue,
  body: unknown,
  headers: ReadonlyMap<string, string>,
  complete: boolean,
): string | undefined {
  let joined: string | undefined;
  for (const part of parts) {
    const text = readPart(part, body, headers);
    if (text !== undefined) joined = joined === undefined ? text : joined + separator + text;
    else if (joined === undefined || complete) return undefined;
  }
  return joined;
}

function readPart(part: EventValuePart, body: unknown, headers: ReadonlyMap<string, string>): string | undefined {
  if (part.kind === "header") {
    for (const name of part.names) {
      const text = headers.get(name);
      if (text !== undefined && text !== "" && part.except?.has(text) !== true) return text;
    }
    return undefined;
  }
  if (part.kind === "pointer") {
    for (const path of part.paths) {
      const text = readPointerText(body, path);
      if (text !== undefined && part.except?.has(text) !== true) return text;
    }
    return undefined;
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  return Object.keys(body).find((key) => key !== "" && !part.keys.has(key));
}
