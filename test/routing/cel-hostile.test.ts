import assert from "node:assert/strict";
import fc from "fast-check";
import { compileCel } from "../../src/routing/cel.ts";
import { MAXIMUM_STEPS } from "../../src/routing/event-allowance.ts";
import { eventDocument } from "./event-document.ts";
import { evaluate, faultOf, valueOf } from "./expression.ts";

const parse = (text: string): unknown => JSON.parse(text);
const repeated = (count: number, text: string): string => Array.from({ length: count }, () => text).join(",");

const numbers = { list: parse(`[${repeated(500_000, "0")}]`) };
const objects = { list: parse(`[${repeated(100_000, '{"a":1}')}]`) };
const words = { list: parse(`[${repeated(150_000, '"word"')}]`) };
const wide = { map: parse(`{${Array.from({ length: 90_000 }, (_, index) => `"k${index}":1`).join(",")}}`) };
const text = { text: "a".repeat(1 << 20), other: `${"a".repeat((1 << 20) - 1)}b` };

/** Ten times and more what the worst of these takes on one free core (bench:routing measures them). */
const BOUND_MILLISECONDS = 400;

describe("a CEL expression on a hostile event", () => {
  for (const [source, body] of [
    ["event.body.list.all(x, x >= 0 && x < 100 && x != 50)", numbers],
    ["event.body.list.exists(x, event.body.list.exists(y, x == y + 10))", numbers],
    ["event.body.list.filter(x, x == 0).map(x, x * 2).size() > 1", numbers],
    ["event.body.list == event.body.list.map(x, x)", numbers],
    ["(event.body.list + event.body.list).size() == 1", numbers],
    ["event.body.list.map(x, string(x)).join(', ')", numbers],
    ["event.body.list.map(x, {'a': [x, x], 'b': {'c': x}})", numbers],
    ["event.body.list.map(x, timestamp(x)).exists(t, t.getHours('Europe/Berlin') == 99)", numbers],
    ["event.body.list.exists(x, x.b == 1)", objects],
    ["event.body.list.exists(x, event.body.list.exists(y, y.b == x.b))", objects],
    ["event.body.list.exists(w, event.body.list.exists(v, w.contains(v) && w != v))", words],
    ["event.body.list.exists(w, w.matches('z+$'))", words],
    ["event.body.map.exists(k, event.body.map[k] == 2)", wide],
    ["event.body.map.all(k, event.body.map.size() > 1)", wide],
    ["event.body.text.matches('(a+c)*a+b$')", text],
    ["event.body.text.matches('(a|b)*a(a|b){12}c')", text],
    ["event.body.text.split('').size() > event.body.text.split('a').size()", text],
    ["event.body.text.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaab')", text],
    ["event.body.text == event.body.other || event.body.text < event.body.other", text],
    [
      "cel.bind(a, event.body.text + event.body.text, cel.bind(b, a + a, cel.bind(c, b + b, (c + c + c).size())))",
      text,
    ],
  ] as const)
    it(`is bounded: ${source}`, () => {
      const account = { remaining: MAXIMUM_STEPS };
      const compiled = compileCel(source, account);
      assert.ok(compiled.ok);
      const start = performance.now();
      compiled.evaluate(eventDocument(body));
      const milliseconds = performance.now() - start;
      assert.ok(milliseconds < BOUND_MILLISECONDS, `took ${milliseconds} ms`);
    });

  it("says so when it costs too much, however the rest would have come out", () => {
    const costly = "event.body.list.exists(x, event.body.list.exists(y, x == y + 1))";
    for (const source of [costly, `${costly} || true`, `!(${costly} && false)`, `${costly} ? 1 : 2`]) {
      const fault = faultOf(source, numbers);
      assert.match(fault.message, /takes too long with this event/);
      assert.equal(fault.isAbsent, false);
    }
    assert.equal(valueOf(`true || ${costly}`, numbers), true, "what is not looked at costs nothing");
  });

  it("looks at each element of a body of a megabyte", () => {
    const list = parse(`[${repeated(150_000, "0")},1]`);
    assert.equal(valueOf("event.body.list.exists(x, x == 1)", { list }), true);
    assert.equal(valueOf("1 in event.body.list", { list }), true);
  });

  it("walks a body as deep as one may be", () => {
    const levels = 500;
    const deep = `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    const body = { one: parse(deep), other: parse(deep), list: parse(`${"[".repeat(levels)}1${"]".repeat(levels)}`) };
    assert.equal(valueOf("event.body.one == event.body.other", body), true);
    assert.equal(valueOf("event.body.one == event.body.list", body), false);
    assert.equal(valueOf("event.body.list in [event.body.one, event.body.list]", body), true);
  });

  const path = fc.constantFrom(
    "event.body",
    "event.body.a",
    "event.body.b[0]",
    "event.id",
    "x",
    "event.headers",
    "1",
    "'a'",
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => {
    const inner = tie("expression");
    return {
      expression: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        path,
        fc
          .tuple(inner, fc.constantFrom("==", "&&", "||", "+", "<", "in", "!=", "/", "%"), inner)
          .map((three) => three.join(" ")),
        fc
          .tuple(inner, fc.constantFrom("all", "exists", "map", "filter", "exists_one"), inner)
          .map(([list, macro, body]) => `${list}.${macro}(x, ${body})`),
        fc.tuple(inner, inner, inner).map(([one, two, three]) => `(${one} ? ${two} : ${three})`),
        fc
          .tuple(inner, fc.constantFrom(".size()", ".a", "[0]", "['a']", ".trim()", ".matches('a+')", ".split('a')"))
          .map((two) => two.join("")),
        inner.map((one) => `!(${one})`),
        inner.map((one) => `has(${one})`),
        inner.map((one) => `[${one}, {'k': ${one}}]`),
        fc.constantFrom("size", "string", "int", "timestamp").chain((name) => inner.map((one) => `${name}(${one})`)),
      ),
    };
  });

  it("never throws, whatever is saved and whatever arrives", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.oneof({ weight: 4, arbitrary: expression }, { weight: 1, arbitrary: fc.string() }),
        fc.jsonValue(),
        (source, body) => {
          const start = performance.now();
          const account = { remaining: 10_000 };
          const compiled = compileCel(source, account);
          if (compiled.ok) {
            accepted += 1;
            compiled.evaluate(eventDocument({ a: body, b: [body] }));
          } else {
            assert.ok(compiled.message !== "" && compiled.offset <= source.length, JSON.stringify(compiled));
            assert.notEqual(compiled.message, "cannot be read");
          }
          assert.ok(performance.now() - start < BOUND_MILLISECONDS);
        },
      ),
      { numRuns: 3_000 },
    );
    assert.ok(accepted > 300, `enough must be valid to prove something, not ${accepted}`);
  });

  it("keeps nothing of an event for the next one", () => {
    const account = { remaining: MAXIMUM_STEPS };
    const compiled = compileCel("event.body.list.exists(x, x == event.body.wanted)", account);
    assert.ok(compiled.ok);
    const first = compiled.evaluate(eventDocument({ list: [1], wanted: 1 }));
    const second = compiled.evaluate(eventDocument({ list: [], wanted: 1 }));
    assert.deepEqual(
      [first, second],
      [
        { ok: true, value: true },
        { ok: true, value: false },
      ],
    );
    assert.equal(evaluate("event.body", eventDocument(null)).ok, true);
  });
});
