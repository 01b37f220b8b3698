import assert from "node:assert/strict";
import { Environment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import { compileCel } from "../../src/routing/cel.ts";
import { MAXIMUM_STEPS } from "../../src/routing/event-allowance.ts";
import { eventDocument } from "./event-document.ts";

// The library parses and checks what we evaluate, and can evaluate it too: it is the oracle of what an expression means.
const oracle = new Environment({ homogeneousAggregateLiterals: false }).registerVariable("event", "dyn");

/** The library's integers are bigints, and ours are JSON's numbers. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  // To JSON there is one zero.
  if (typeof value === "number") return value + 0;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
}

const scalar = fc.constantFrom(
  "event.body.n",
  "event.body.s",
  "event.body.t",
  "event.body.u",
  "event.body.none",
  "event.body.gone",
  "'a'",
  "'b'",
  "1.5",
  "2.0",
  "null",
  "true",
  "event.type",
);
const list = fc.constantFrom(
  "event.body.list",
  "event.body.words",
  "event.body.objects",
  "event.body.map",
  "[1.0, 2.0]",
);
const sequence = list.filter((items) => items !== "event.body.map");
const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie("expression");
  const comparison = fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/");
  return {
    expression: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.tuple(inner, comparison, inner).map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      fc
        .tuple(list, fc.constantFrom("all", "exists", "exists_one", "map", "filter"), inner)
        .map(([items, macro, body]) => `${items}.${macro}(x, ${body})`),
      fc
        .tuple(list, fc.constantFrom("==", "!="), fc.constantFrom("x", "x.name", "x.gone"), inner)
        .map(([items, operator, left, right]) => `${items}.exists(x, ${left} ${operator} ${right})`),
      // Not in a map: the library looks for the text of a list there, and finds the key of the text 'b' by the list ['b'].
      fc.tuple(inner, sequence).map(([item, items]) => `(${item} in ${items})`),
      fc.tuple(inner, inner, inner).map(([one, two, three]) => `(${one} ? ${two} : ${three})`),
      fc
        .tuple(
          fc.constantFrom("startsWith", "endsWith", "contains", "indexOf", "lastIndexOf", "split"),
          fc.constantFrom("event.body.s", "'abcab'"),
          fc.constantFrom("'a'", "'b'", "''", "event.body.t"),
        )
        .map(([name, text, part]) => `${text}.${name}(${part})`),
      fc.constantFrom(
        "size(event.body.list)",
        "event.body.s.size()",
        "event.body.s.trim()",
        "event.body.list[0]",
        "event.body.list[7]",
        "event.body.map.size()",
        "'a' in event.body.map",
        "event.body.words.join('-')",
        "event.body.s.substring(1)",
        "has(event.body.none)",
        "has(event.body.gone)",
        "has(event.body.map.name)",
        "string(event.body.n)",
        "int(event.body.n)",
        "double('1.5')",
        "bool('true')",
        "event.body.s.matches('^a.*b$')",
        "timestamp(event.receivedAt).getMinutes()",
        "timestamp(event.receivedAt).getHours('Asia/Tokyo')",
        "size('é😀')",
      ),
      inner.map((one) => `!(${one})`),
      fc.array(inner, { maxLength: 3 }).map((elements) => `[${elements.join(", ")}]`),
      inner.map((one) => `{'k': ${one}}`),
    ),
  };
});

const body = fc.record({
  n: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(0.5, 1.5, 2)),
  s: fc.constantFrom("", "ab", "abcab", " a ", "é"),
  t: fc.constantFrom("a", "ab", ""),
  u: fc.boolean(),
  none: fc.constant(null),
  list: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }),
  words: fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 4 }),
  objects: fc.array(fc.record({ name: fc.constantFrom("a", "b") }, { requiredKeys: [] }), { maxLength: 3 }),
  map: fc.dictionary(fc.constantFrom("name", "a", "b"), fc.integer(), { maxKeys: 3 }),
});

describe("the evaluation of CEL", () => {
  it("agrees with the library that parses it, wherever that gives a value", () => {
    let compared = 0;
    fc.assert(
      fc.property(expression, body, (source, payload) => {
        const account = { remaining: MAXIMUM_STEPS };
        const compiled = compileCel(source, account);
        if (!compiled.ok) return;
        // As a body is parsed: fast-check's objects have no prototype.
        const document = eventDocument(JSON.parse(JSON.stringify(payload)));
        let expected: unknown;
        try {
          expected = plain(oracle.evaluate(source, { event: document }));
        } catch {
          // It knows no overload for a text and a number, where CEL says that they are not equal; and numbers of JSON are
          // no integers to it.
          return;
        }
        const result = compiled.evaluate(document);
        assert.deepEqual(result, { ok: true, value: expected }, source);
        compared += 1;
      }),
      { numRuns: 5_000 },
    );
    assert.ok(compared > 1_000, `enough must be compared to prove something, not ${compared}`);
  });
});
