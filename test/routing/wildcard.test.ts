import assert from "node:assert/strict";
import fc from "fast-check";
import { compileWildcard } from "../../src/routing/wildcard.ts";

function matches(pattern: string, text: string): boolean {
  const compiled = compileWildcard(pattern);
  assert.ok(compiled.ok, pattern);
  return compiled.matches(text);
}

/** The textbook table: whether the first characters of the pattern match the first characters of the text. */
function referenceMatches(tokens: readonly (string | null)[], text: string): boolean {
  let row = Array.from({ length: text.length + 1 }, (_, index) => index === 0);
  for (const token of tokens) {
    const next = row.map(() => false);
    for (let index = 0; index <= text.length; index += 1) {
      const isExtended = index > 0 && (token === null ? next[index - 1] : row[index - 1] && text[index - 1] === token);
      next[index] = Boolean(isExtended) || (token === null && Boolean(row[index]));
    }
    row = next;
  }
  return row[text.length] === true;
}

describe("a wildcard", () => {
  it("stands for any run of characters, an empty one included", () => {
    for (const text of ["", "a", "a*b", "\n"]) assert.equal(matches("*", text), true);
    assert.equal(matches("a*", "a"), true);
    assert.equal(matches("*a", "ba"), true);
    assert.equal(matches("a*a", "a"), false);
    assert.equal(matches("a*b*c", "a-b-b-c"), true);
    assert.equal(matches("a*b*c", "a-c-b"), false);
    assert.equal(matches("*ab*ab*", "abab"), true);
    assert.equal(matches("*ab*ab*", "aba"), false);
    assert.equal(matches("ab*ba", "aba"), false);
    assert.equal(matches("*bc*c", "abc"), false);
  });

  it("must match the whole text", () => {
    assert.equal(matches("", ""), true);
    assert.equal(matches("", "a"), false);
    assert.equal(matches("push", "push"), true);
    assert.equal(matches("push", "pushed"), false);
  });

  it("takes every other character literally", () => {
    assert.equal(matches("a.c", "abc"), false);
    assert.equal(matches("a?c[x]", "a?c[x]"), true);
    assert.equal(matches("\\*", "*"), true);
    assert.equal(matches("\\*", "x"), false);
    assert.equal(matches("\\\\*", "\\anything"), true);
    assert.equal(matches("\\**", "*anything"), true);
  });

  it("agrees with the textbook algorithm", () => {
    const token = fc.constantFrom<string | null>("a", "b", "*", "\\", null);
    const tokens = fc
      .array(token, { maxLength: 10 })
      .map((list) => list.filter((each, index) => each !== null || list[index - 1] !== null));
    const text = fc.array(fc.constantFrom("a", "b", "*", "\\"), { maxLength: 14 }).map((list) => list.join(""));
    let matched = 0;
    fc.assert(
      fc.property(tokens, text, (list, subject) => {
        const pattern = list.map((each) => (each === null ? "*" : each.replace(/[*\\]/, "\\$&"))).join("");
        const expected = referenceMatches(list, subject);
        if (expected) matched += 1;
        assert.equal(matches(pattern, subject), expected, `${pattern} on ${subject}`);
      }),
      { numRuns: 5_000 },
    );
    assert.ok(matched > 100, "the texts must match often enough to prove something");
  });

  it("never throws on a pattern that a user made up", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, text) => {
        const compiled = compileWildcard(pattern);
        assert.equal(
          typeof (compiled.ok ? compiled.matches(text) : compiled.message),
          compiled.ok ? "boolean" : "string",
        );
      }),
    );
  });
});
