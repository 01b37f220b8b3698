import { isJsonObject, ownField } from "./json-object.ts";
import { type MatchCompilation, MAXIMUM_DEPTH, someElement, type ValueTest } from "./match-compilation.ts";
import type { KeyRule } from "./match-keys.ts";
import { compileValues } from "./match-values.ts";

/** A compiled part of a pattern. */
interface PatternNode {
  readonly test: ValueTest;
  /** Where, in the pattern, a value first fails it; undefined when it passes. */
  readonly mismatch: (value: unknown) => string | undefined;
}

interface PatternField extends PatternNode {
  readonly key: string;
}

/**
 * Compiles the fields that an object of the event must have. Where the event has a list of objects, one and the same
 * element has to match them all, and a field that this element lacks is absent, whatever other elements have. An
 * empty list counts as one element without fields.
 */
export function compileObject(
  compilation: MatchCompilation,
  path: string,
  pattern: unknown,
  depth: number,
  rule: KeyRule,
): PatternNode | undefined {
  if (!isJsonObject(pattern)) return compilation.errors.add(path, "must be an object");
  if (depth > MAXIMUM_DEPTH) return compilation.errors.add(path, `is nested more than ${MAXIMUM_DEPTH} levels deep`);
  const fields: PatternField[] = [];
  const choices: PatternNode[] = [];
  const keys = Object.keys(pattern);
  if (keys.length === 0) return compilation.errors.add(path, "is empty: name a field, or leave it out");
  for (const key of keys) {
    if (compilation.isOver) return undefined;
    if (!compilation.acceptKey(path, key)) continue;
    const below = pattern[key];
    const place = `${path}.${key}`;
    if (key === "$or") {
      const choice = compileChoice(compilation, place, below, depth, rule);
      if (choice !== undefined) choices.push(choice);
      continue;
    }
    const fault = rule.fault(key, below);
    if (fault !== undefined) {
      compilation.errors.add(place, fault);
      continue;
    }
    const field = compileField(compilation, place, below, depth, rule.below(key));
    if (field !== undefined) fields.push({ key, ...field });
  }
  return objectNode(compilation, path, fields, choices);
}

function compileField(
  compilation: MatchCompilation,
  path: string,
  pattern: unknown,
  depth: number,
  rule: KeyRule,
): PatternNode | undefined {
  if (isJsonObject(pattern)) return compileObject(compilation, path, pattern, depth + 1, rule);
  if (!Array.isArray(pattern)) {
    return compilation.errors.add(path, 'must be a list of values, such as ["opened"], or an object of fields');
  }
  const test = compileValues(compilation, path, pattern);
  return test === undefined ? undefined : { test, mismatch: (value) => (test(value) ? undefined : path) };
}

function compileChoice(
  compilation: MatchCompilation,
  path: string,
  alternatives: unknown,
  depth: number,
  rule: KeyRule,
): PatternNode | undefined {
  if (!Array.isArray(alternatives) || alternatives.length < 2) {
    return compilation.errors.add(path, "must be a list of two or more objects, of which one has to match");
  }
  const tests: ValueTest[] = [];
  for (const [index, alternative] of alternatives.entries()) {
    if (compilation.isOver) return undefined;
    const node = compileObject(compilation, `${path}.${index}`, alternative, depth + 1, rule);
    if (node !== undefined) tests.push(node.test);
  }
  const test: ValueTest = (value) => tests.some((passes) => passes(value));
  return { test, mismatch: (value) => (test(value) ? undefined : path) };
}

function objectNode(
  compilation: MatchCompilation,
  path: string,
  fields: readonly PatternField[],
  choices: readonly PatternNode[],
): PatternNode {
  const { budget } = compilation;
  const testFields: ValueTest = (value) => {
    budget.remaining -= fields.length;
    if (budget.remaining < 0) return false;
    for (const field of fields) if (!field.test(ownField(value, field.key))) return false;
    for (const choice of choices) if (!choice.test(value)) return false;
    return true;
  };
  const test: ValueTest = (value) => {
    if (!Array.isArray(value)) return testFields(value);
    return value.length === 0 ? testFields(undefined) : someElement(value, testFields, budget);
  };
  return {
    test,
    mismatch(value) {
      if (Array.isArray(value)) return test(value) ? undefined : path;
      budget.remaining -= fields.length;
      if (budget.remaining < 0) return path;
      for (const field of fields) {
        const place = field.mismatch(ownField(value, field.key));
        if (place !== undefined) return place;
      }
      for (const choice of choices) {
        const place = choice.mismatch(value);
        if (place !== undefined) return place;
      }
      return undefined;
    },
  };
}
