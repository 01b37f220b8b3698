import assert from "node:assert/strict";
import fc from "fast-check";
import { compileMatch } from "../../src/routing/match.ts";
import { eventDocument } from "./event-document.ts";
import { compile } from "./pattern.ts";

/** The result for a body, and how long it took. */
function run(pattern: unknown, body: unknown): { matched: boolean; milliseconds: number } {
  const compiled = compile(pattern);
  const document = eventDocument(body);
  const start = performance.now();
  const matched = compiled.match(document);
  return { matched, milliseconds: performance.now() - start };
}

const times = (count: number, make: (index: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Ten times what the worst of these takes on one free core. */
const BOUND_MILLISECONDS = 500;

describe("a route's match on a hostile event", () => {
  it("walks a body 100,000 levels deep without recursion", () => {
    const text = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    assert.equal(run({ body: { a: { a: { b: ["x"] } } } }, JSON.parse(text)).matched, false);
    const lists = JSON.parse(`${"[".repeat(100_000)}"x"${"]".repeat(100_000)}`);
    assert.equal(run({ body: { list: ["x"] } }, { list: lists }).matched, true);
    assert.equal(run({ body: { list: { a: [{ exists: false }] } } }, { list: lists }).matched, true);
  });

  it("reads own properties only", () => {
    for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"]) {
      const pattern = JSON.parse(`{"body": {${JSON.stringify(key)}: [{"exists": true}]}}`);
      assert.equal(run(pattern, {}).matched, false, key);
      assert.equal(run(pattern, "text").matched, false, key);
      assert.equal(run(pattern, JSON.parse(`{${JSON.stringify(key)}: 1}`)).matched, true, key);
    }
    const deeper = JSON.parse('{"body": {"constructor": {"name": ["Object"]}}}');
    assert.equal(run(deeper, {}).matched, false);
    const polluting = JSON.parse('{"__proto__": {"admin": true}}');
    assert.equal(run({ body: { admin: [true] } }, polluting).matched, false);
    assert.equal(run({ body: { length: [{ exists: true }] } }, ["a"]).matched, false);
  });

  it("bounds its work on a wide body", () => {
    const numbers = times(500_000, () => 0);
    const addresses = times(70_000, () => "192.168.1.1");
    const big = "a".repeat(1 << 20);
    for (const [pattern, body] of [
      [{ a: times(1_000, (index) => index + 5) }, { a: numbers }],
      [{ a: times(1_000, (index) => ({ prefix: `p${index}` })) }, { a: numbers }],
      [{ a: times(1_000, (index) => ({ numeric: [">", index + 1] })) }, { a: numbers }],
      [{ a: times(1_000, () => ({ cidr: "10.0.0.0/24" })) }, { a: addresses }],
      [{ a: times(1_000, (index) => ({ "equals-ignore-case": `10.0.${index}.00000` })) }, { a: addresses }],
      [{ $or: times(999, (index) => ({ a: { [`k${index}`]: ["x"] } })) }, { a: numbers }],
      [[{ wildcard: `*${"a".repeat(125)}b${"a".repeat(124)}*` }], big],
      [times(100, () => ({ wildcard: "*aaaaab*" })), big],
      [[{ wildcard: "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b" }], big],
    ]) {
      const { matched, milliseconds } = run({ body: pattern }, body);
      assert.equal(matched, false);
      assert.ok(milliseconds < BOUND_MILLISECONDS, `${JSON.stringify(pattern).slice(0, 80)} took ${milliseconds} ms`);
    }
  });

  it("does not match, even by anything-but, when the work is more than it may cost", () => {
    const big = "a".repeat(1 << 20);
    assert.equal(run({ body: [{ "anything-but": { wildcard: "*b*" } }] }, big).matched, true);
    const excluded = { "anything-but": { wildcard: times(100, () => "*b*") } };
    assert.equal(run({ body: [excluded] }, big).matched, false);
    assert.equal(run({ body: [excluded] }, "small").matched, true, "a later event is matched as ever");
  });

  it("finds the last element of a body of a megabyte", () => {
    const list = [...times(500_000, () => 0), 1];
    assert.equal(run({ body: { list: [1] } }, { list }).matched, true);
  });

  it("never throws, whatever is saved and whatever arrives", () => {
    const json = fc.jsonValue({ maxDepth: 5 });
    const operator = fc
      .constantFrom("prefix", "suffix", "wildcard", "equals-ignore-case", "anything-but", "exists", "numeric", "cidr")
      .chain((name) =>
        fc
          .oneof(json, fc.string(), fc.boolean(), fc.constant([">", 0]), fc.constant("10.0.0.0/8"))
          .map((operand) => ({ [name]: operand })),
      );
    const values = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null), operator), { maxLength: 3 });
    const { pattern } = fc.letrec((tie) => ({
      pattern: fc.dictionary(
        fc.constantFrom("a", "b", "c", "$or", "__proto__", "constructor"),
        fc.oneof({ maxDepth: 4 }, values, tie("pattern"), fc.array(tie("pattern"), { maxLength: 3 })),
        { maxKeys: 3 },
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(pattern, fc.anything()), json, (below, body) => {
        for (const saved of [below, { body: below }]) {
          const compiled = compileMatch(saved, { remaining: 1_000 });
          if (!compiled.ok) {
            assert.ok(compiled.errors.length > 0);
            continue;
          }
          const place = compiled.firstMismatch(eventDocument(body));
          assert.ok(place === undefined || place.startsWith("match"));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("matches any event by the scalar values it is made of", () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const body = fc.dictionary(
      fc.string({ maxLength: 8 }).filter((key) => key !== "$or"),
      scalar,
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(body, (fields) => {
        const entries = Object.entries(fields);
        const pattern = { body: Object.fromEntries(entries.map(([key, value]) => [key, [value]])) };
        assert.equal(run(pattern, fields).matched, true);
        const [key, value] = entries[0] ?? ["", null];
        if (typeof value === "string") assert.equal(run(pattern, { ...fields, [key]: `${value}x` }).matched, false);
      }),
      { numRuns: 200 },
    );
  });
});
