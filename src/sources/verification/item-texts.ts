import type { PointerPath } from "./json-pointer.ts";

const quote = 0x22;
const backslash = 0x5c;
const space = new Set([0x20, 0x09, 0x0a, 0x0d]);
const ends = new Set([0x2c, 0x5d, 0x7d]);

/** Part of a text: from one index up to another. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The texts of the items of a batch, byte by byte as they came, in the order in which `readBatch` reads them: a number above 2^53
 * stays what it is. Strings are skipped, not read, so that it costs one pass over the text.
 *
 * @param json valid, and nested no deeper than what `parseBody` takes
 */
export function itemTexts(json: string, patterns: readonly PointerPath[]): readonly string[] {
  const whole = { from: skipSpace(json, 0), to: json.length };
  return patterns.flatMap((pattern) => spansAt(json, whole, pattern, 0)).map(({ from, to }) => json.slice(from, to));
}

function spansAt(json: string, span: Span, pattern: PointerPath, depth: number): readonly Span[] {
  const key = pattern[depth];
  if (key === undefined) return [span];
  const isList = json[span.from] === "[";
  if (isList) {
    const items = itemsOf(json, span);
    if (key === "*") return items.flatMap((item) => spansAt(json, item, pattern, depth + 1));
    const item = /^(?:0|[1-9]\d*)$/.test(key) ? items[Number(key)] : undefined;
    return item === undefined ? [] : spansAt(json, item, pattern, depth + 1);
  }
  if (key === "*" || json[span.from] !== "{") return [];
  const value = valueOf(json, span, key);
  return value === undefined ? [] : spansAt(json, value, pattern, depth + 1);
}

function itemsOf(json: string, { from }: Span): readonly Span[] {
  const items: Span[] = [];
  let at = skipSpace(json, from + 1);
  while (json[at] !== "]" && at < json.length) {
    const to = endOfValue(json, at);
    items.push({ from: at, to });
    at = afterComma(json, to);
  }
  return items;
}

/** Of a repeated key the last value counts, as it does for JSON.parse. */
function valueOf(json: string, { from }: Span, key: string): Span | undefined {
  let found: Span | undefined;
  let at = skipSpace(json, from + 1);
  while (json[at] !== "}" && at < json.length) {
    const endOfKey = endOfString(json, at);
    const name = JSON.parse(json.slice(at, endOfKey)) as string;
    const start = skipSpace(json, skipSpace(json, endOfKey) + 1);
    const to = endOfValue(json, start);
    if (name === key) found = { from: start, to };
    at = afterComma(json, to);
  }
  return found;
}

/** Counts brackets instead of calling itself, so that no nesting overflows the stack. */
function endOfValue(json: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < json.length) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      at = endOfString(json, at);
      if (depth === 0) return at;
      continue;
    }
    if (depth === 0 && at > from && (ends.has(code) || space.has(code))) return at;
    if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  return at;
}

function endOfString(json: string, from: number): number {
  for (let at = from + 1; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) at += 1;
  }
  return json.length;
}

function afterComma(json: string, from: number): number {
  const at = skipSpace(json, from);
  return json[at] === "," ? skipSpace(json, at + 1) : at;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (space.has(json.charCodeAt(at))) at += 1;
  return at;
}
