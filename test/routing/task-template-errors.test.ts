import assert from "node:assert/strict";
import { compileTaskTemplate } from "../../src/routing/task-template.ts";

/** Asserts that a template is refused for one thing, at a path. */
function refused(template: unknown, path: string, message: RegExp): void {
  const compiled = compileTaskTemplate(template);
  assert.ok(!compiled.ok, "the template was accepted");
  assert.equal(compiled.errors.length, 1, JSON.stringify(compiled.errors));
  assert.equal(compiled.errors[0]?.path, path);
  assert.match(compiled.errors[0]?.message ?? "", message);
}

describe("a task template is refused at save", () => {
  const at = (expression: string, character: number, message: RegExp): void =>
    refused(
      { input: `Do \${${expression}}` },
      "task.input",
      new RegExp(`^at line 1, column ${character}, .*${message.source}`),
    );

  it("when it does not begin with event, or names what no event has", () => {
    at("body.issue.title", 6, /"body.issue.title}": Unknown variable: body; an expression reads event/);
    at("", 6, /Unexpected token: EOF/);
    at("  events.body", 8, /Unknown variable: events/);
    at("event.payload.title", 12, /No such key: payload; an event has id, type/);
    at('event["payload"]', 6, /No such key: payload/);
    at("event.source.url", 19, /No such key: url/);
  });

  it("when it is no CEL, or other CEL than is offered", () => {
    at("event.body.", 17, /Expected IDENTIFIER/);
    at("event.body..a", 17, /Expected IDENTIFIER/);
    at("event.body['a]", 4, /no closing/);
    at("event.body[1", 18, /Expected RBRACKET/);
    at("event.body | upper", 17, /Unexpected character/);
    at("event.body.fn()", 6, /found no matching overload for 'dyn.fn\(\)'/);
    at("event.id + 1", 6, /no such overload: string \+ int/);
  });

  it("when it reaches for a prototype", () => {
    at("event.constructor.constructor", 12, /No such key: constructor/);
    at("event.body.__proto__.x", 17, /must not read "__proto__"/);
    at('event.body["prototype"]', 17, /must not read "prototype"/);
    at("event.body.a[0]['constructor']", 22, /must not read "constructor"/);
    at(String.raw`event.body["const\"ructor"].constructor`, 34, /must not read "constructor"/);
    at("{'__proto__': 1}", 7, /must not name "__proto__"/);
    refused(
      { input: "x", parameters: JSON.parse('{"a": {"__proto__": 1}}') },
      "task.parameters.a.__proto__",
      /no name/,
    );
    refused({ input: "x", parameters: { a: ["${event.body.constructor}"] } }, "task.parameters.a.0", /constructor/);
  });

  it("when a placeholder is not closed", () => {
    refused({ input: "Triage ${event.body.title" }, "task.input", /^at line 1, column 8, .*no closing/);
    refused({ input: "ok ${event.id} then ${" }, "task.input", /^at line 1, column 21, .*no closing/);
    refused({ input: "x", parameters: { list: ["a", "${event.id"] } }, "task.parameters.list.1", /no closing/);
  });

  it("when it is not what a task has", () => {
    for (const template of [undefined, null, "text", []]) refused(template, "task", /must be an object/);
    refused({}, "task.input", /must be a text/);
    refused({ input: "" }, "task.input", /must be a text/);
    refused({ input: 5 }, "task.input", /must be a text/);
    refused({ input: "x", parameters: [] }, "task.parameters", /must be an object/);
    refused({ input: "x", parameters: null }, "task.parameters", /must be an object/);
    refused({ input: "x", parameters: { a: Infinity } }, "task.parameters.a", /no JSON value/);
    refused({ input: "x", agent: "other" }, "task.agent", /use input, parameters, priority/);
    for (const priority of [1.5, "1", null, 2 ** 31]) refused({ input: "x", priority }, "task.priority", /integer/);
  });

  it("beyond its limits", () => {
    const deep = (levels: number): unknown => (levels === 0 ? "x" : { a: deep(levels - 1) });
    assert.equal(compileTaskTemplate({ input: "x", parameters: deep(31) }).ok, true);
    const tooDeep = compileTaskTemplate({ input: "x", parameters: deep(5_000) });
    assert.match(JSON.stringify(tooDeep), /nested more than 32 levels/);
    refused({ input: "x".repeat(65_537) }, "task.input", /too much/);
    const wide = { list: Array.from({ length: 100_000 }, () => 1) };
    refused({ input: "x", parameters: wide }, "task.parameters.list.996", /too much/);
    at(`event.body${".a".repeat(40)}`, 92, /Exceeded maxDepth/);
    const long = compileTaskTemplate({ input: `\${${"x".repeat(60_000)}}` });
    assert.ok(!long.ok && String(long.errors[0]?.message).length < 300);
  });

  it("when all its patterns together are too large", () => {
    const list = Array.from({ length: 40 }, () => "${event.body.a.matches('\\\\pL{400}')}");
    const start = performance.now();
    const compiled = compileTaskTemplate({ input: "x", parameters: { list } });
    assert.match(JSON.stringify(compiled), /task.parameters.list.4".*all together are too large/);
    assert.ok(performance.now() - start < 1_000);
  });

  it("with every fault at once", () => {
    const compiled = compileTaskTemplate({ input: "${", parameters: { a: "${x}", b: "${y}" }, priority: "high" });
    assert.deepEqual(compiled.ok ? [] : compiled.errors.map(({ path }) => path), [
      "task.input",
      "task.parameters.a",
      "task.parameters.b",
      "task.priority",
    ]);
  });
});
