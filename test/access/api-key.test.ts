import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { generateApiKey, hashApiKey, isBootstrapKey, parseApiKey } from "../../src/access/api-key.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

describe("API key", () => {
  it("is hky_, 27 random and 6 checksum characters, stored as its SHA-256 and shown by its first four", () => {
    const { key, hash, hint } = generateApiKey();
    assert.match(key, /^hky_[0-9A-Za-z]{33}$/);
    assert.deepEqual(hash, createHash("sha256").update(key).digest());
    assert.equal(hint, `${key.slice(0, 8)}…`);
  });

  it("is new each time and draws from the whole alphabet", () => {
    const keys = Array.from({ length: 200 }, () => generateApiKey().key);
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(new Set(keys.map((key) => key.slice(4, 31)).join("")).size, alphabet.length);
  });

  it("is parsed to the hash that it is looked up by", () => {
    const { key, hash } = generateApiKey();
    assert.deepEqual(parseApiKey(key), hash);
    assert.deepEqual(hashApiKey(key), hash);
  });

  it("has a checksum that stays the same between versions", () => {
    assert.notEqual(parseApiKey(`hky_${"0".repeat(27)}2rvTXw`), undefined);
  });

  it("is refused with any one character changed", () => {
    const { key } = generateApiKey();
    for (let index = 0; index < key.length; index += 1)
      for (const character of alphabet)
        if (character !== key.charAt(index))
          assert.equal(parseApiKey(key.slice(0, index) + character + key.slice(index + 1)), undefined);
  });

  const { key } = generateApiKey();
  const malformed: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["its prefix alone", "hky_"],
    ["a key cut short", key.slice(0, -1)],
    ["a key with a character more", `${key}0`],
    ["a key with a line break", `${key}\n`],
    ["a key with a space before it", ` ${key}`],
    ["another prefix", key.replace("hky_", "sk__")],
    ["the prefix in capitals", key.replace("hky_", "HKY_")],
    ["characters outside base62", `hky_${"é".repeat(33)}`],
    ["a megabyte", `hky_${"A".repeat(1_000_000)}`],
  ];
  for (const [what, text] of malformed)
    it(`is not ${what}`, () => {
      assert.equal(parseApiKey(text), undefined);
    });

  it("is never found in arbitrary text, which never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.equal(parseApiKey(text), undefined);
      }),
    );
  });
});

describe("bootstrap key", () => {
  const configured = "any text of at least 32 characters, é included";

  it("is the configured text and nothing else", () => {
    assert.equal(isBootstrapKey(configured, configured), true);
    for (const presented of ["", configured.slice(0, -1), `${configured} `, configured.toUpperCase()])
      assert.equal(isBootstrapKey(presented, configured), false);
  });

  it("never matches when the configured one is shorter than 32 characters", () => {
    assert.equal(isBootstrapKey("", ""), false);
    assert.equal(isBootstrapKey("a".repeat(31), "a".repeat(31)), false);
    assert.equal(isBootstrapKey("a".repeat(32), "a".repeat(32)), true);
  });

  it("may have the form of an API key", () => {
    const { key } = generateApiKey();
    assert.equal(isBootstrapKey(key, key), true);
  });
});
