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

  it("takes any CEL expression", () => {
    const body = { number: 7, labels: [{ name: "bug" }, { name: "p1" }], title: "It broke" };
    assert.equal(input("${event.body.labels.map(l, l.name).join(', ')}", body), "bug, p1");
    assert.equal(
      input("${event.body.number > 5 ? 'big' : 'small'} ${event.body.title.lowerAscii()}", body),
      "big it broke",
    );
    assert.equal(input("at ${timestamp(event.receivedAt)}", body), "at 2026-01-02T03:04:05.678Z");
    assert.deepEqual(
      parameters(
        { next: "${event.body.number + 1}", names: "${event.body.labels.map(l, l.name)}", map: "${{'n': 1}}" },
        body,
      ),
      { next: 8, names: ["bug", "p1"], map: { n: 1 } },
    );
    assert.equal(input("<${event.body.gone + '!'}>", body), "<>", "what an absent value is part of is absent");
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

    it("when an expression goes with no value of this event", () => {
      assert.deepEqual(render({ input: "<${event.body.title + 1}>" }, eventDocument({ title: "x" })), {
        ok: false,
        error: {
          path: "task.input",
          message:
            '${event.body.title + 1}: at line 1, column 1, "event.body.title + 1": + does not go with values of these kinds',
        },
      });
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
