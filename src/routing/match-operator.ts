import { isJsonObject } from "./json-object.ts";
import type { MatchCompilation, ValueTest } from "./match-compilation.ts";
import { compileCidr, compileNumeric } from "./match-range.ts";
import { compileEqualsIgnoreCase, compilePrefix, compileSuffix, compileWildcardText } from "./match-text.ts";

type OperatorCompiler = (compilation: MatchCompilation, path: string, operand: unknown) => ValueTest | undefined;

const operators: ReadonlyMap<string, OperatorCompiler> = new Map([
  ["prefix", compilePrefix],
  ["suffix", compileSuffix],
  ["wildcard", compileWildcardText],
  ["equals-ignore-case", compileEqualsIgnoreCase],
  ["anything-but", compileAnythingBut],
  ["numeric", compileNumeric],
  ["cidr", compileCidr],
]);

/** AWS allows these below `anything-but`, each with one string or a list. */
const negatable: ReadonlySet<string> = new Set(["prefix", "suffix", "wildcard", "equals-ignore-case"]);

/**
 * Compiles one operator object of a value list, such as `{"prefix": "octo/"}`, with the semantics of Amazon
 * EventBridge's content filtering (User Guide, "Comparison operators for use in event patterns"). The test sees
 * strings, numbers, booleans and null.
 */
export function compileOperator(
  compilation: MatchCompilation,
  path: string,
  name: string,
  operand: unknown,
): ValueTest | undefined {
  const compile = operators.get(name);
  if (compile !== undefined) return compile(compilation, `${path}.${name}`, operand);
  return compilation.errors.add(
    path,
    `"${name}" is no operator; use ${[...operators.keys(), "exists"].join(", ")}. ` +
      `A field of objects in a list is matched as {"field": {"${name}": [...]}}, with no brackets around the object`,
  );
}

function compileAnythingBut(compilation: MatchCompilation, path: string, operand: unknown): ValueTest | undefined {
  if (isJsonObject(operand)) return compileAnythingButOperator(compilation, path, operand);
  const listed: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const excluded = new Set<unknown>();
  const type = typeof listed[0];
  if (type !== "string" && type !== "number") {
    return compilation.errors.add(path, "must be a string, a number, a list of either, or an operator object");
  }
  for (const [index, value] of listed.entries()) {
    if (compilation.isOver) return undefined;
    const place = Array.isArray(operand) ? `${path}.${index}` : path;
    if (typeof value !== type) return compilation.errors.add(place, "must be of the same type as the first value");
    excluded.add(type === "string" ? compilation.readString(place, value) : compilation.readExactNumber(place, value));
  }
  return (value) => !excluded.has(value);
}

function compileAnythingButOperator(
  compilation: MatchCompilation,
  path: string,
  operand: Readonly<Record<string, unknown>>,
): ValueTest | undefined {
  const [name, ...others] = Object.keys(operand);
  const compile = name !== undefined && negatable.has(name) ? operators.get(name) : undefined;
  if (name === undefined || compile === undefined || others.length > 0) {
    return compilation.errors.add(path, `must have one operator of ${[...negatable].join(", ")}`);
  }
  const texts = operand[name];
  const listed: readonly unknown[] = Array.isArray(texts) ? texts : [texts];
  if (listed.length === 0) return compilation.errors.add(`${path}.${name}`, "must name at least one text");
  const tests: ValueTest[] = [];
  for (const [index, text] of listed.entries()) {
    if (compilation.isOver) return undefined;
    const place = Array.isArray(texts) ? `${path}.${name}.${index}` : `${path}.${name}`;
    if (typeof text !== "string" || text === "")
      return compilation.errors.add(place, "must be a text that is not empty");
    const test = compile(compilation, place, text);
    if (test !== undefined) tests.push(test);
  }
  const { budget } = compilation;
  return (value) => {
    budget.remaining -= tests.length;
    return !tests.some((test) => test(value));
  };
}
