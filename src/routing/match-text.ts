import { isJsonObject } from "./json-object.ts";
import type { MatchCompilation, ValueTest } from "./match-compilation.ts";
import { compileWildcard } from "./wildcard.ts";

/** `{"prefix": "octo/"}` or `{"prefix": {"equals-ignore-case": "octo/"}}`. */
export function compilePrefix(compilation: MatchCompilation, path: string, operand: unknown): ValueTest | undefined {
  if (isJsonObject(operand))
    return compileIgnoringCase(compilation, path, operand, (text, length) => text.slice(0, length));
  const prefix = compilation.readString(path, operand);
  if (prefix === undefined) return undefined;
  return (value) => typeof value === "string" && value.startsWith(prefix);
}

/** `{"suffix": ".png"}` or `{"suffix": {"equals-ignore-case": ".png"}}`. */
export function compileSuffix(compilation: MatchCompilation, path: string, operand: unknown): ValueTest | undefined {
  if (isJsonObject(operand)) {
    return compileIgnoringCase(compilation, path, operand, (text, length) => text.slice(text.length - length));
  }
  const suffix = compilation.readString(path, operand);
  if (suffix === undefined) return undefined;
  return (value) => typeof value === "string" && value.endsWith(suffix);
}

/** `{"prefix": {"equals-ignore-case": "…"}}`: `part` cuts as many characters out of the text as are compared. */
function compileIgnoringCase(
  compilation: MatchCompilation,
  path: string,
  operand: Readonly<Record<string, unknown>>,
  part: (text: string, length: number) => string,
): ValueTest | undefined {
  const keys = Object.keys(operand);
  if (keys.length !== 1 || keys[0] !== "equals-ignore-case") {
    return compilation.errors.add(path, 'must be a string or {"equals-ignore-case": "…"}');
  }
  const wanted = compilation.readString(`${path}.equals-ignore-case`, operand["equals-ignore-case"]);
  if (wanted === undefined) return undefined;
  const equals = equalIgnoringCase(compilation, wanted);
  return (value) => typeof value === "string" && value.length >= wanted.length && equals(part(value, wanted.length));
}

/** `{"equals-ignore-case": "alice"}`. */
export function compileEqualsIgnoreCase(
  compilation: MatchCompilation,
  path: string,
  operand: unknown,
): ValueTest | undefined {
  const wanted = compilation.readString(path, operand);
  if (wanted === undefined) return undefined;
  const equals = equalIgnoringCase(compilation, wanted);
  return (value) => typeof value === "string" && equals(value);
}

/**
 * Compares character by character: texts of different length are never equal, although the upper case of ß is SS. Up
 * and then down, because Greek has two lower-case sigmas and the Kelvin sign has no upper case of its own.
 */
function equalIgnoringCase(compilation: MatchCompilation, wanted: string): (text: string) => boolean {
  const { budget } = compilation;
  const fold = (text: string): string => text.toUpperCase().toLowerCase();
  const folded = fold(wanted);
  return (text) => {
    if (text.length !== wanted.length) return false;
    budget.remaining -= 4 + (text.length >> 1);
    return budget.remaining >= 0 && fold(text) === folded;
  };
}

/** `{"wildcard": "dir/*.png"}`. */
export function compileWildcardText(
  compilation: MatchCompilation,
  path: string,
  operand: unknown,
): ValueTest | undefined {
  const pattern = compilation.readString(path, operand);
  if (pattern === undefined) return undefined;
  const wildcard = compileWildcard(pattern);
  if (!wildcard.ok) return compilation.errors.add(path, wildcard.message);
  const { budget } = compilation;
  return (value) => {
    if (typeof value !== "string") return false;
    budget.remaining -= value.length >> 3;
    return budget.remaining >= 0 && wildcard.matches(value);
  };
}
