import assert from "node:assert/strict";
import { compileEventSchema } from "../../src/messages/event-schema.ts";

function fits(schema: object, data: object): boolean {
  const compiled = compileEventSchema(schema);
  assert.ok(compiled.ok, compiled.ok ? "" : compiled.message);
  return compiled.validate(data).length === 0;
}

function refusal(schema: object): string {
  const compiled = compileEventSchema(schema);
  assert.ok(!compiled.ok, `was taken: ${JSON.stringify(schema).slice(0, 100)}`);
  return compiled.message;
}

describe("the schema of an event type", () => {
  it("is held against the data, whose fault is named", () => {
    const schema = {
      type: "object",
      required: ["amount"],
      properties: { amount: { type: "number", minimum: 0 }, lines: { type: "array", items: { $ref: "#/$defs/line" } } },
      additionalProperties: false,
      $defs: { line: { type: "object", properties: { sku: { type: "string", pattern: "^[A-Z]{3}$" } } } },
    };
    assert.ok(fits(schema, { amount: 1, lines: [{ sku: "ABC" }] }));
    const compiled = compileEventSchema(schema);
    const pathOf = (data: object): string | undefined => (compiled.ok ? compiled.validate(data)[0]?.path : "");
    assert.equal(pathOf({ amount: -1 }), "data.amount");
    assert.equal(pathOf({ amount: 1, lines: [{}, { sku: "abc" }] }), "data.lines.1.sku");
    assert.equal(pathOf({ amount: 1, more: 2 }), "data.more");
    assert.equal(pathOf({}), "data");
  });

  it("may be of draft-07, and holds formats for notes", () => {
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      properties: { at: { type: "string", format: "date-time" } },
    };
    assert.ok(fits(schema, { at: "yesterday" }));
    assert.ok(!fits(schema, { at: 1 }));
  });

  it("refers to nothing but itself, and to no place within itself again", () => {
    assert.match(refusal({ $ref: "https://evil.example/schema.json" }), /places of its own/);
    assert.match(refusal({ $ref: "other.json#/a" }), /places of its own/);
    assert.match(refusal({ $ref: "#" }), /refers to itself/);
    assert.match(refusal({ properties: { a: { $ref: "#/properties/a" } } }), /refers to itself/);
    assert.match(refusal({ $ref: "#/$defs/missing" }), /not there/);
    assert.match(refusal({ $ref: "#/%zz" }), /fragment/);
    assert.match(refusal({ $ref: "#/__proto__" }), /not there/);
    for (const keyword of ["$id", "$dynamicRef", "$anchor"]) assert.match(refusal({ [keyword]: "#a" }), /must not use/);
    assert.match(refusal({ $schema: "https://evil.example/meta" }), /draft/);
  });

  it("is refused when it is large, deep, or doubles with each reference", () => {
    assert.match(refusal({ description: "x".repeat(40_000) }), /larger/);
    let deep: object = {};
    for (let level = 0; level < 40; level += 1) deep = { items: deep };
    assert.match(refusal(deep), /levels deep/);
    const bomb: Record<string, object> = { d0: { type: "string" } };
    for (let level = 1; level <= 25; level += 1) {
      const below = { $ref: `#/$defs/d${level - 1}` };
      bomb[`d${level}`] = { anyOf: [below, below] };
    }
    assert.match(refusal({ $defs: bomb, $ref: "#/$defs/d25" }), /places|levels/);
    assert.match(refusal({ type: "array", uniqueItems: true }), /maxItems/);
    assert.ok(fits({ properties: { a: { type: "array", uniqueItems: true, maxItems: 10 } } }, { a: [1, 2] }));
  });

  it("is refused when it is no JSON Schema, or has a pattern that RE2 does not take", () => {
    assert.match(refusal({ type: "strnig" }), /not a usable/);
    assert.match(refusal({ requierd: ["a"] }), /unknown keyword/);
    assert.match(refusal({ properties: { a: { pattern: "(?=a)b" } } }), /not a usable/);
    assert.match(refusal({ properties: { a: { pattern: "(" } } }), /not a usable/);
    assert.match(refusal({ properties: { a: { pattern: "a".repeat(1_001) } } }), /longer than 1000/);
    assert.match(refusal({ properties: { a: { pattern: "((a{100}){100}){100}" } } }), /not a usable/);
  });

  it("answers in time for a pattern that would keep a backtracking engine busy", () => {
    const schema = {
      properties: { a: { type: "string", pattern: "^(a+)+$" } },
      patternProperties: { "(x+x+)+y": true },
    };
    const started = performance.now();
    assert.ok(!fits(schema, { a: `${"a".repeat(50_000)}!`, ["x".repeat(50_000)]: 1 }));
    assert.ok(performance.now() - started < 2_000);
  });

  it("is not asked about data that are too large for it", () => {
    const properties = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`p${index}`, { type: "string" }]));
    const compiled = compileEventSchema({ properties });
    assert.ok(compiled.ok);
    const [error] = compiled.validate({ text: "x".repeat(500_000) });
    assert.match(error?.message ?? "", /too large/);
  });

  it("writes no code of its author's", () => {
    const name = `"];process.exit(1);//`;
    assert.ok(fits({ properties: { [name]: { const: name } }, required: [name] }, { [name]: name }));
    assert.ok(!fits({ properties: { [name]: { const: name } }, required: [name] }, {}));
    assert.ok(fits({ properties: JSON.parse('{"__proto__": {"type": "string"}}') }, JSON.parse('{"__proto__": "a"}')));
  });
});
