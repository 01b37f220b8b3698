import assert from "node:assert/strict";
import { compileMatch } from "../../src/routing/match.ts";
import { compile } from "./pattern.ts";

/** The paths and messages of what is wrong with a pattern. */
function faults(pattern: unknown): string[] {
  const compiled = compileMatch(pattern, { remaining: 0 });
  assert.ok(!compiled.ok, "the pattern was accepted");
  return compiled.errors.map(({ path, message }) => `${path} ${message}`);
}

/** Asserts that a pattern is refused for one thing, at a path. */
function refused(pattern: unknown, path: string, message: RegExp): void {
  const [first, ...others] = faults(pattern);
  assert.deepEqual(others, []);
  assert.equal(first?.split(" ")[0], path);
  assert.match(first ?? "", message);
}

const nested = (levels: number): unknown => (levels === 0 ? ["x"] : { a: nested(levels - 1) });

describe("a route's match is refused at save", () => {
  it("when it is no object", () => {
    for (const pattern of [null, [], "type", 1, true]) refused(pattern, "match", /must be an object/);
  });

  it("when it names what no event has", () => {
    refused({ action: ["opened"] }, "match.action", /use id, type, provider, source, .*body/);
    refused({ $or: [{ type: ["a"] }, { event: ["b"] }] }, "match.$or.1.event", /no part of an event/);
    refused({ source: { url: ["x"] } }, "match.source.url", /use id, name/);
    refused({ source: ["src_1"] }, "match.source", /is an object/);
    refused({ headers: [{ exists: true }] }, "match.headers", /is an object/);
    refused({ headers: { "X-GitHub-Event": ["push"] } }, "match.headers.X-GitHub-Event", /x-github-event/);
    refused({ headers: { "x-a": { b: ["c"] } } }, "match.headers.x-a", /is a text/);
    refused({ type: { prefix: "issues." } }, "match.type", /list the values/);
    refused({ __proto__: null, constructor: ["x"] }, "match.constructor", /no part of an event/);
  });

  it("when a value is not in a list, or a list or object is empty", () => {
    refused({ type: "push" }, "match.type", /must be a list of values/);
    refused({ body: { a: null } }, "match.body.a", /must be a list of values/);
    refused({ body: { a: [] } }, "match.body.a", /empty list/);
    refused({ body: { a: {} } }, "match.body.a", /is empty/);
    refused({ body: {} }, "match.body", /is empty/);
    refused({ body: { a: [["x"]] } }, "match.body.a.0", /must be a string, number/);
  });

  it("when an operator is unknown, or not alone", () => {
    refused({ body: { a: [{ regex: "(a+)+$" }] } }, "match.body.a.0", /"regex" is no operator; use prefix/);
    refused({ body: { labels: [{ name: ["bug"] }] } }, "match.body.labels.0", /\{"field": \{"name": \[\.\.\.\]\}\}/);
    refused({ body: { a: ["x", { prefix: "a", suffix: "b" }] } }, "match.body.a.1", /exactly one operator/);
    refused({ body: { a: [{}] } }, "match.body.a.0", /exactly one operator/);
    refused({ body: { a: [{ constructor: "x" }] } }, "match.body.a.0", /no operator/);
  });

  it("when an operand is wrong, naming the operator", () => {
    const at = (operator: unknown, path: string, message: RegExp): void =>
      refused(
        { body: { repository: { full_name: [operator] } } },
        `match.body.repository.full_name.0.${path}`,
        message,
      );
    at({ prefix: 5 }, "prefix", /must be a string/);
    at({ prefix: { wildcard: "x" } }, "prefix", /equals-ignore-case/);
    at({ suffix: { "equals-ignore-case": 5 } }, "suffix.equals-ignore-case", /must be a string/);
    at({ "equals-ignore-case": ["x"] }, "equals-ignore-case", /must be a string/);
    at({ exists: "true" }, "exists", /true or false/);
    at({ cidr: "10.0.0.0" }, "cidr", /IP range/);
    at({ cidr: "10.0.0.0/33" }, "cidr", /IP range/);
    at({ cidr: "::/129" }, "cidr", /IP range/);
    at({ cidr: "10.0.0.0/24/1" }, "cidr", /IP range/);
    at({ cidr: "fe80::1%eth0/64" }, "cidr", /IP range/);
    at({ wildcard: "a**b" }, "wildcard", /\*\* at character 2/);
    at({ wildcard: "a\\b" }, "wildcard", /character 2 may only stand before/);
    at({ wildcard: "a\\" }, "wildcard", /character 2 may only stand before/);
    at({ wildcard: `*${"a".repeat(251)}*` }, "wildcard", /at most 250/);
    at({ "anything-but": [] }, "anything-but", /must be a string, a number/);
    at({ "anything-but": true }, "anything-but", /must be a string, a number/);
    at({ "anything-but": ["a", 1] }, "anything-but.1", /same type/);
    at({ "anything-but": { numeric: [">", 1] } }, "anything-but", /one operator of prefix/);
    at({ "anything-but": { prefix: "a", suffix: "b" } }, "anything-but", /one operator of prefix/);
    at({ "anything-but": { prefix: "" } }, "anything-but.prefix", /not empty/);
    at({ "anything-but": { wildcard: ["a", "**"] } }, "anything-but.wildcard.1", /\*\*/);
    at({ "anything-but": { suffix: [] } }, "anything-but.suffix", /at least one/);
  });

  it("when a number cannot be compared", () => {
    const at = (value: unknown, path: string, message: RegExp): void =>
      refused({ body: { a: [value] } }, `match.body.a.0${path}`, message);
    at(Infinity, "", /finite/);
    at(2 ** 53, "", /beyond 2\^53/);
    at({ "anything-but": 2 ** 53 }, ".anything-but", /beyond 2\^53/);
    at({ numeric: [] }, ".numeric", /must be a list such as/);
    at({ numeric: [">"] }, ".numeric", /must be a list such as/);
    at({ numeric: ["!", 1] }, ".numeric.0", /must be "=" alone/);
    at({ numeric: [">", "1"] }, ".numeric.1", /finite number/);
    at({ numeric: ["=", 1, "<", 5] }, ".numeric.0", /must be "=" alone/);
    at({ numeric: ["<", 5, ">", 1] }, ".numeric.0", /must be "=" alone/);
    at({ numeric: [">", 1, ">", 5] }, ".numeric.2", /must be "=" alone/);
    at({ numeric: [">", 5, "<", 5] }, ".numeric", /empty range/);
    at({ numeric: [">", 5, "<=", 1] }, ".numeric", /empty range/);
  });

  it("when $or has no alternatives", () => {
    refused({ $or: { type: ["a"] } }, "match.$or", /two or more/);
    refused({ body: { $or: [{ a: [1] }] } }, "match.body.$or", /two or more/);
    refused({ body: { $or: [{ a: [1] }, ["x"]] } }, "match.body.$or.1", /must be an object/);
    refused({ body: { $or: [{ a: [1] }, {}] } }, "match.body.$or.1", /is empty/);
  });

  it("beyond its limits, and not before", () => {
    assert.equal(compile({ body: nested(31) }).ok, true);
    assert.match(String(faults({ body: nested(32) })), /nested more than 32 levels/);
    assert.match(String(faults({ body: nested(5_000) })), /nested more than 32 levels/);
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    assert.equal(compile({ body: { a: numbers } }).ok, true);
    refused({ body: { a: [...numbers, 1_000] } }, "match", /more than 1000 values/);
    refused({ body: { a: [{ "anything-but": [...numbers, 1_000] }] } }, "match", /more than 1000 values/);
    assert.equal(compile({ body: { a: ["x".repeat(4_096)] } }).ok, true);
    refused({ body: { a: ["x".repeat(4_097)] } }, "match.body.a.0", /longer than 4096 bytes/);
    refused({ body: { a: ["é".repeat(2_049)] } }, "match.body.a.0", /longer than 4096 bytes/);
    refused({ body: { ["k".repeat(257)]: ["x"], b: ["x"] } }, "match.body", /key longer than 256 bytes/);
    refused({ body: { a: Array.from({ length: 17 }, () => "x".repeat(4_000)) } }, "match", /65536 bytes/);
  });

  it("with every fault at once, up to twenty", () => {
    assert.equal(faults({ type: "a", body: { a: [], b: [{ prefix: 1 }] } }).length, 3);
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, "x"]));
    assert.equal(faults({ body: wide }).length, 20);
  });
});
