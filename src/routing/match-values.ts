import { isJsonObject } from "./json-object.ts";
import { type MatchCompilation, someElement, type ValueTest } from "./match-compilation.ts";
import { compileOperator } from "./match-operator.ts";

/**
 * Compiles the list of values that a field may have: `["opened", {"prefix": "re"}]`. One of them has to fit the
 * field, or, when the event has a list there, any element of it (so `anything-but` on a list asks for one other
 * element, as EventBridge does).
 *
 * `exists` asks whether the event has the field at all, whatever is in it. EventBridge sees leaves only and so takes
 * a field that holds an object for absent; here `{"pull_request": [{"exists": true}]}` is true of GitHub's comment on
 * a pull request, where it is an object. No other operator matches an object or an empty list.
 */
export function compileValues(
  compilation: MatchCompilation,
  path: string,
  listed: readonly unknown[],
): ValueTest | undefined {
  if (listed.length === 0)
    return compilation.errors.add(path, "is an empty list, which nothing matches; leave the field out");
  const exact = new Set<unknown>();
  const tests: ValueTest[] = [];
  const presence = new Set<boolean>();
  for (const [index, value] of listed.entries()) {
    if (compilation.isOver) return undefined;
    const place = `${path}.${index}`;
    if (!isJsonObject(value)) {
      if (acceptExact(compilation, place, value)) exact.add(value);
      continue;
    }
    const [name, ...others] = Object.keys(value);
    if (name === undefined || others.length > 0) {
      compilation.errors.add(place, "must have exactly one operator");
    } else if (compilation.acceptKey(place, name)) {
      const operand = value[name];
      if (name !== "exists") {
        const test = compileOperator(compilation, place, name, operand);
        if (test !== undefined) tests.push(test);
      } else {
        compilation.countLeaf();
        if (typeof operand === "boolean") presence.add(operand);
        else compilation.errors.add(`${place}.exists`, "must be true or false");
      }
    }
  }
  return withPresence(compilation, anyOf(compilation, exact, tests), presence);
}

/** Counts an exact value; false when it cannot be compared exactly. */
function acceptExact(compilation: MatchCompilation, path: string, value: unknown): boolean {
  if (typeof value === "string") return compilation.readString(path, value) !== undefined;
  if (typeof value === "number") return compilation.readExactNumber(path, value) !== undefined;
  compilation.countLeaf();
  if (typeof value === "boolean" || value === null) return true;
  compilation.errors.add(path, 'must be a string, number, boolean, null or an operator such as {"prefix": "…"}');
  return false;
}

function anyOf(compilation: MatchCompilation, exact: ReadonlySet<unknown>, tests: readonly ValueTest[]): ValueTest {
  const [only] = exact;
  const isExact: ValueTest = exact.size === 1 ? (value) => value === only : (value) => exact.has(value);
  const [first] = tests;
  if (first === undefined) return isExact;
  if (exact.size === 0 && tests.length === 1) return first;
  const { budget } = compilation;
  return (value) => {
    if (isExact(value)) return true;
    budget.remaining -= tests.length;
    for (const test of tests) {
      if (budget.remaining < 0) return false;
      if (test(value)) return true;
    }
    return false;
  };
}

function withPresence(compilation: MatchCompilation, scalar: ValueTest, presence: ReadonlySet<boolean>): ValueTest {
  const acceptsAbsent = presence.has(false);
  const acceptsPresent = presence.has(true);
  const { budget } = compilation;
  const element: ValueTest = (value) => (typeof value !== "object" || value === null) && scalar(value);
  return (value) => {
    if (value === undefined) return acceptsAbsent;
    if (acceptsPresent) return true;
    if (typeof value !== "object" || value === null) return scalar(value);
    return Array.isArray(value) && someElement(value, element, budget);
  };
}
