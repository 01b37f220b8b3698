import assert from "node:assert/strict";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { hasAmbiguousRepetition } from "../../src/routing/ambiguous-repetition.ts";

describe("A pattern that repeats a repetition", () => {
  const catastrophic = [
    ["(a+)+$", "(a*)*", "([a-zA-Z]+)*", "^(?:\\w+\\s?)*$", "((a+))+", "(x+x+)+y", "(a|a)*", "(a|aa)+$", "(b|a+){2,}"],
    ["(.*)*", "(?P<name>\\d+)+x", "(?i:[^]]+)*", "((ab)*)+", "(\\pL+)*", "^(a+b?)+?$", "(x|([a-z]+)*)y"],
  ].flat();
  for (const pattern of catastrophic)
    it(`is found in ${pattern}`, () => {
      RE2JS.compile(pattern);
      assert.equal(hasAmbiguousRepetition(pattern), true);
    });

  const harmless = [
    [
      "^refs/heads/(main|master)$",
      "^(\\w+\\.)+com$",
      "([a-z]+-)*[a-z]+",
      "(a+)?",
      "(a+){2,3}",
      "(ab|cd)+",
      "a+b+",
      "[(a+)+]+",
    ],
    [
      "\\(a+\\)+",
      "(?i)^fix .*build$",
      "\\Q(a+)+\\E",
      "(?:v\\d+\\.?)",
      "(?:,\\d+)*",
      "^(foo|bar|foobar)+$",
      "",
      "x{2,}",
      "()*",
    ],
  ].flat();
  for (const pattern of harmless)
    it(`is not found in ${pattern === "" ? "an empty one" : pattern}`, () => {
      RE2JS.compile(pattern);
      assert.equal(hasAmbiguousRepetition(pattern), false);
    });

  it("is looked for in any pattern without an end or an error", () => {
    const piece = fc.constantFrom(
      "a",
      "(",
      ")",
      "(?:",
      "[",
      "]",
      "|",
      "*",
      "+",
      "?",
      "{2,}",
      "\\",
      "\\Q",
      "\\E",
      "^",
      "-",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        assert.equal(typeof hasAmbiguousRepetition(pieces.join("")), "boolean");
      }),
    );
  });
});
