import assert from "node:assert/strict";
import { compileCel } from "../../src/routing/cel.ts";

/** Asserts that an expression is refused, at a place, counted from 0. */
function refused(source: string, offset: number, message: RegExp): void {
  const compiled = compileCel(source, { remaining: 0 });
  assert.ok(!compiled.ok, `${source.slice(0, 60)} was accepted`);
  assert.match(compiled.message, message);
  assert.equal(compiled.offset, offset);
}

describe("a CEL expression is refused at save", () => {
  it("when it is no CEL", () => {
    refused("", 0, /Unexpected token: EOF/);
    refused("event.body.a ==", 15, /Unexpected token: EOF/);
    refused("event.body.a = 1", 13, /Unexpected character: =/);
    refused("event.body['a", 11, /Unterminated string/);
    refused("event.body.a b", 13, /Unexpected character/);
  });

  it("when its types cannot go together", () => {
    refused("event.id > 5", 0, /no such overload: string > int/);
    refused("1 + 1.5", 0, /no such overload: int \+ double/);
    refused("event.id.exists(x, true)", 6, /cannot be range|no matching overload/);
    refused("true ? 1 : 'a'", 0, /must have the same type/);
  });

  it("when it names what no event has", () => {
    refused("payload.action == 'x'", 0, /Unknown variable: payload; an expression reads event/);
    refused("event.payload", 6, /No such key: payload; an event has id, type, provider/);
    refused("event.source.url == ''", 13, /No such key: url/);
    refused("cel", 0, /is no value here/);
    refused("string == string", 0, /is no value here/);
  });

  it("when it reaches for a prototype", () => {
    refused("event.body.__proto__.x", 11, /must not read "__proto__"/);
    refused("event.body.a.constructor", 13, /must not read "constructor"/);
    refused("event.body['prototype']", 11, /must not read "prototype"/);
    refused("has(event.body.constructor)", 15, /must not read "constructor"/);
    refused("event.body.list.map(x, x.constructor)", 25, /must not read "constructor"/);
    refused("{'constructor': 1}", 1, /must not name "constructor"/);
    refused("{}.constructor", 3, /must not read/);
    refused("event.constructor", 6, /No such key/);
    refused("__proto__", 0, /Reserved identifier/);
  });

  it("when it is CEL that is not offered", () => {
    refused("type(event.body.a)", 0, /type\(\) with 1 arguments is not offered/);
    refused("b'abc'.size() > 1", 0, /bytes and unsigned integers are not offered/);
    refused("5u == 5u", 0, /bytes and unsigned/);
    refused("{1: 'a'}", 1, /keys of a map must be texts/);
    refused("event.body.n == 9007199254740993", 16, /beyond 2\^53/);
    refused("event.body.a.replace('a', 'b')", 0, /no matching overload/);
    refused("event.body.?a", 11, /Expected IDENTIFIER/);
    refused("timestamp(event.receivedAt).getHours('Mars/Base')", 37, /is no time zone/);
    refused("timestamp(event.receivedAt).getHours(event.body.zone)", 48, /between quotes/);
  });

  it("when macros nest deeper than two", () => {
    const list = "event.body.list";
    assert.ok(compileCel(`${list}.all(a, ${list}.all(b, a != b))`, { remaining: 0 }).ok);
    assert.ok(
      compileCel(`${list}.map(a, a).filter(a, a > 1).exists(a, a == 2)`, { remaining: 0 }).ok,
      "a chain is no nest",
    );
    refused(`${list}.all(a, ${list}.all(b, ${list}.all(c, a != c)))`, 46, /nests all more than 2 deep/);
    refused(`${list}.map(a, [${list}.filter(b, ${list}.exists(c, true))])`, 50, /nests exists more than 2 deep/);
  });

  it("when a pattern is none, grows too large, or comes from the event", () => {
    const matches = (pattern: string): string => `event.body.a.matches(${JSON.stringify(pattern)})`;
    refused(matches("(a+)+$"), 21, /catastrophic/);
    refused(matches("("), 21, /no pattern in RE2's syntax: .*missing closing/);
    refused(matches("(?=a)"), 21, /RE2's syntax/);
    refused(matches("(a)\\1"), 21, /RE2's syntax/);
    refused(matches("a".repeat(513)), 21, /more than 512 bytes/);
    refused(matches("(\\pL{400}){2}"), 21, /becomes too large/);
    refused(matches("((a{100}){100}){100}"), 21, /invalid repeat count/);
    refused(matches(`${"(".repeat(200)}a${")".repeat(200)}`.repeat(2)), 21, /too large|more than 512/);
    const many = Array.from({ length: 5 }, () => matches("(\\pL{480})")).join("||");
    refused(many, 169, /all together are too large/);
    refused("event.body.a.matches(event.body.b)", 32, /takes a pattern between quotes/);
    refused("event.body.a.matches('a' + 'b')", 21, /takes a pattern between quotes/);
  });

  it("when it is huge or deep, without overflowing the stack", () => {
    const deep = 10_000;
    for (const [source, offset] of [
      [`${"(".repeat(deep)}1${")".repeat(deep)}`, 0],
      [`event.body${".a".repeat(deep)}`, 0],
      [`${"!".repeat(deep)}true`, 0],
      [`${"[".repeat(deep)}${"]".repeat(deep)}`, 0],
    ] as const)
      refused(source, offset, /is longer than 4096 characters/);
    refused(`${"(".repeat(2_000)}1${")".repeat(2_000)}`, 40, /Exceeded maxDepth/);
    refused(`event.body${".a".repeat(60)}`, 86, /Exceeded maxDepth/);
    const compiled = compileCel(`${"!".repeat(4_000)}true`, { remaining: 0 });
    assert.match(compiled.ok ? "" : compiled.message, /Exceeded maxAstNodes/);
    const chain = compileCel(Array.from({ length: 600 }, () => "true").join("||"), { remaining: 0 });
    assert.match(chain.ok ? "" : chain.message, /Exceeded maxAstNodes/);
    const list = compileCel(`1 in [${Array.from({ length: 300 }, () => 1).join(",")}]`, { remaining: 0 });
    assert.match(list.ok ? "" : list.message, /Exceeded maxListElements/);
  });
});
