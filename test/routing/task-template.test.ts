import assert from "node:assert/strict";
import fc from "fast-check";
import type { EventDocument } from "../../src/routing/event-document.ts";
import { compileTaskTemplate } from "../../src/routing/task-template.ts";
import { eventDocument } from "./event-document.ts";

function render(template: unknown, document: EventDocument) {
  const compiled = compileTaskTemplate(template);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  return compiled.render(document);
}

/** The input that a template gives for a body. */
function input(template: string, body: unknown): string {
  const rendered = render({ input: template }, eventDocument(body));
  assert.ok(rendered.ok, JSON.stringify(rendered));
  return rendered.input;
}

/** The parameters that a template gives for a body. */
function parameters(template: unknown, body: unknown): unknown {
  const rendered = render({ input: "x", parameters: template }, eventDocument(body));
  assert.ok(rendered.ok, JSON.stringify(rendered));
  return rendered.parameters;
}

/** Asserts that a template is refused for one thing, at a path. */
function refused(template: unknown, path: string, message: RegExp): void {
  const compiled = compileTaskTemplate(template);
  assert.ok(!compiled.ok, "the template was accepted");
  assert.equal(compiled.errors.length, 1, JSON.stringify(compiled.errors));
  assert.equal(compiled.errors[0]?.path, path);
  assert.match(compiled.errors[0]?.message ?? "", message);
}

describe("a task template", () => {
  it("renders API.md's example", () => {
    assert.equal(input("Triage ${event.body.issue.title}", { issue: { title: "It broke" } }), "Triage It broke");
  });

  it("has no parameters and the usual priority unless it says so", () => {
    assert.deepEqual(render({ input: "Look" }, eventDocument({})), {
      ok: true,
      input: "Look",
      parameters: {},
      priority: 0,
    });
    const rendered = render({ input: "Look", priority: -3 }, eventDocument({}));
    assert.equal(rendered.ok && rendered.priority, -3);
  });

  it("reads every part of the event", () => {
    const rendered = render(
      { input: '${event.type} ${event.source.name} ${ event.headers["x-github-event"] } ${event.deliveryId}' },
      eventDocument({}, { deliveryId: "d-1" }),
    );
    assert.equal(rendered.ok && rendered.input, "issues.opened octo issues d-1");
    assert.equal(input("${event.body}", "a text body"), "a text body");
  });

  it("follows names, list places and quoted keys", () => {
    const body = { list: [{ "a.b": 1 }, "two"], "it's": { 'say "hi"': "x" }, "}": "brace", "\\": "back" };
    assert.equal(input('${event.body.list[0]["a.b"]}', body), "1");
    assert.equal(input("${event.body.list[1]}${event.body.list[2]}", body), "two");
    assert.equal(input(`\${event.body['it\\'s']["say \\"hi\\""]}`, body), "x");
    assert.equal(input('${event.body["}"]}${event.body["\\\\"]}', body), "braceback");
  });

  it("puts values into text in their JSON form, and nothing for null and absent", () => {
    const body = { number: 1.5, yes: true, none: null, list: [1, "a"], object: { a: { b: null } }, text: "" };
    assert.equal(input("<${event.body.number}> <${event.body.yes}>", body), "<1.5> <true>");
    assert.equal(input("<${event.body.none}> <${event.body.absent.deeper}> <${event.body.text}>", body), "<> <> <>");
    assert.equal(input("${event.body.list} ${event.body.object}", body), '[1,"a"] {"a":{"b":null}}');
    assert.equal(input("${event.body.list}", body), '[1,"a"]');
  });

  it("keeps the type of a parameter that is one placeholder", () => {
    const body = { number: 7, yes: false, none: null, list: [1], object: { a: 1 }, text: "t" };
    assert.deepEqual(
      parameters(
        {
          number: "${event.body.number}",
          yes: "${event.body.yes}",
          none: "${event.body.none}",
          nested: [{ object: "${event.body.object}" }, "${event.body.list}", "n=${event.body.number}"],
          fixed: [1, true, null, "text", {}],
        },
        body,
      ),
      {
        number: 7,
        yes: false,
        none: null,
        nested: [{ object: { a: 1 } }, [1], "n=7"],
        fixed: [1, true, null, "text", {}],
      },
    );
  });

  it("leaves out a key whose value is absent, and keeps its place in a list", () => {
    const template = { gone: "${event.body.gone}", text: "<${event.body.gone}>", list: ["${event.body.gone}", "last"] };
    assert.deepEqual(parameters(template, {}), { text: "<>", list: [null, "last"] });
  });

  it("takes $${ for the text ${, and a lone $ for itself", () => {
    const body = { total: 5 };
    assert.equal(input("$${event.body.total}", body), "${event.body.total}");
    assert.equal(input("$$${event.body.total}", body), "$5");
    assert.equal(input("$$$${x} $ $$ $x {} }", body), "$${x} $ $$ $x {} }");
    assert.equal(input("costs $", body), "costs $");
  });

  it("never evaluates what it put in", () => {
    const body = { title: "${event.body.secret} $& $1 $${x}", secret: "s" };
    assert.equal(input("${event.body.title}!", body), "${event.body.secret} $& $1 $${x}!");
    assert.deepEqual(parameters({ a: "${event.body.title}" }, body), { a: body.title });
    fc.assert(
      fc.property(fc.string(), fc.string(), (title, rest) => {
        assert.equal(input("<${event.body.title}|${event.body.rest}>", { title, rest }), `<${title}|${rest}>`);
      }),
    );
  });

  it("reads own properties only, and no list or text by name", () => {
    for (const path of [
      "toString",
      "hasOwnProperty",
      "valueOf",
      "list.length",
      "text.length",
      "list.map",
      'list["0"]',
    ]) {
      assert.equal(input(`<\${event.body.${path}}>`, { list: ["a"], text: "abc" }), "<>", path);
    }
    assert.equal(input("<${event.body[0]}>", { 0: "a" }), "<>");
  });

  describe("is refused at save", () => {
    const at = (expression: string, character: number, message: RegExp): void =>
      refused(
        { input: `Do \${${expression}}` },
        "task.input",
        new RegExp(`^at character ${character}: .*${message.source}`),
      );

    it("when its path does not begin with event, or names what no event has", () => {
      at("body.issue.title", 6, /must begin with "event"/);
      at("", 6, /must begin with "event"/);
      at("  events.body", 8, /must begin with "event"/);
      at("event.payload.title", 11, /one of id, type/);
      at('event["payload"]', 11, /one of id, type/);
      at("event[0]", 11, /one of id, type/);
    });

    it("when its path is malformed", () => {
      at("event.body.", 16, /must go on with/);
      at("event.body..a", 16, /must go on with/);
      at("event.body.x-y", 18, /must go on with .*any key/);
      at("event.body[-1]", 16, /must go on with/);
      at("event.body['a]", 4, /no closing/);
      at("event.body[a]", 16, /must go on with/);
      at("event.body[1", 16, /must go on with/);
      at("event.body | upper", 16, /must go on with/);
      at("event.body.fn()", 19, /must go on with/);
    });

    it("when it reaches for a prototype", () => {
      at("event.constructor.constructor", 11, /must not read "constructor"/);
      at("event.body.__proto__.x", 16, /must not read "__proto__"/);
      at('event.body["prototype"]', 16, /must not read "prototype"/);
      at("event.body.a[0]['constructor']", 21, /must not read "constructor"/);
      at(String.raw`event.body["const\"ructor"].constructor`, 33, /must not read "constructor"/);
      refused(
        { input: "x", parameters: JSON.parse('{"a": {"__proto__": 1}}') },
        "task.parameters.a.__proto__",
        /no name/,
      );
      refused({ input: "x", parameters: { a: ["${event.body.constructor}"] } }, "task.parameters.a.0", /constructor/);
    });

    it("when a placeholder is not closed", () => {
      refused({ input: "Triage ${event.body.title" }, "task.input", /^at character 8: .*no closing/);
      refused({ input: "ok ${event.id} then ${" }, "task.input", /^at character 21: .*no closing/);
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
      at(`event.body${".a".repeat(32)}`, 78, /more than 32 steps/);
      const long = compileTaskTemplate({ input: `\${${"x".repeat(60_000)}}` });
      assert.ok(!long.ok && String(long.errors[0]?.message).length < 300);
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

  describe("fails to render, and says why", () => {
    it("when the input would be over 256 KiB", () => {
      const body = { text: "é".repeat(100_000), object: { text: "x".repeat(100_000) } };
      const twice = render({ input: "${event.body.text}${event.body.text}" }, eventDocument(body));
      assert.deepEqual(twice, {
        ok: false,
        error: { path: "task.input", message: "is larger than a rendered task may be" },
      });
      assert.equal(render({ input: "${event.body.text}" }, eventDocument(body)).ok, true);
    });

    it("when the parameters would be, without rendering a thousand copies first", () => {
      const text = "x".repeat(1 << 20);
      const copies = Array.from({ length: 900 }, () => "${event.body}");
      const start = performance.now();
      const rendered = render({ input: "x", parameters: { copies } }, eventDocument({ text }));
      assert.deepEqual(!rendered.ok && rendered.error.path, "task.parameters.copies.0");
      assert.ok(performance.now() - start < 500);
    });

    it("when a value is nested too deeply to be JSON again", () => {
      const body = JSON.parse(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
      const message = "${event.body} is nested too deeply to be rendered";
      assert.deepEqual(render({ input: "${event.body}" }, eventDocument(body)), {
        ok: false,
        error: { path: "task.input", message },
      });
      const typed = render({ input: "x", parameters: { body: "${event.body}" } }, eventDocument(body));
      assert.deepEqual(typed, { ok: false, error: { path: "task.parameters.body", message } });
    });
  });

  it("never throws, whatever is saved and whatever arrives", () => {
    const piece = fc.constantFrom(
      "$",
      "{",
      "}",
      "${",
      "$${",
      "event",
      ".body",
      ".a",
      "[0]",
      '["',
      '"]',
      "'",
      "\\",
      " ",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
      fc.string(),
    );
    const parametersOf = fc.dictionary(fc.string(), fc.oneof(text, fc.array(text), fc.anything()), { maxKeys: 4 });
    let rendered = 0;
    fc.assert(
      fc.property(
        fc.oneof(fc.record({ input: text, parameters: parametersOf }, { requiredKeys: ["input"] }), fc.anything()),
        fc.jsonValue(),
        (template, body) => {
          const compiled = compileTaskTemplate(template);
          if (!compiled.ok) return assert.ok(compiled.errors.length > 0);
          rendered += 1;
          const task = compiled.render(eventDocument(body));
          assert.ok(task.ok);
          assert.equal(typeof task.input, "string");
        },
      ),
      { numRuns: 1_000 },
    );
    assert.ok(rendered > 50, "enough templates must be valid to prove something");
  });
});
