import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { UnavailableError } from "../../src/lib/errors.ts";
import { deriveKey, generateMasterKey, type MasterKeys, parseMasterKeys } from "../../src/platform/master-keys.ts";
import { createSecretBox, type SecretBinding } from "../../src/platform/secret-box.ts";

const binding: SecretBinding = {
  projectId: "0197a000-0000-7000-8000-000000000001",
  object: "endpoint_secret",
  id: "0197a000-0000-7000-8000-000000000002",
  version: 3,
};

function keysOf(current: number, ...entries: readonly (readonly [number, Buffer])[]): MasterKeys {
  return { current, keys: new Map(entries) };
}

function unreadable(message: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof UnavailableError);
    assert.equal(error.code, "secret_unreadable");
    assert.match(error.message, message);
    return true;
  };
}

describe("secret box", () => {
  const first = randomBytes(32);
  const second = randomBytes(32);
  const box = createSecretBox(keysOf(1, [1, first]));

  it("opens what it sealed, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const plaintext = Buffer.from(bytes);
        assert.deepEqual(box.open(binding, box.seal(binding, plaintext)), plaintext);
      }),
    );
    assert.equal(box.open(binding, box.seal(binding, "whsec_ключ")).toString(), "whsec_ключ");
  });

  it("seals the same secret differently each time, in format 1, without the plaintext in it", () => {
    const [one, other] = [box.seal(binding, "whsec_abcdefghijklmnop"), box.seal(binding, "whsec_abcdefghijklmnop")];
    assert.notDeepEqual(one, other);
    assert.equal(one.readUInt8(0), 1);
    assert.equal(one.readUInt32BE(1), 1);
    assert.equal(one.length, 93 + 22);
    assert.equal(one.includes("whsec_"), false);
  });

  it("refuses a sealed value with any one bit flipped, byte by byte", () => {
    const sealed = box.seal(binding, "top secret");
    for (let index = 0; index < sealed.length; index += 1) {
      for (const bit of [0x01, 0x80]) {
        const altered = Buffer.from(sealed);
        altered.writeUInt8(altered.readUInt8(index) ^ bit, index);
        assert.throws(() => box.open(binding, altered), unreadable(/^Cannot open endpoint_secret /), `byte ${index}`);
      }
    }
  });

  it("refuses a sealed value that was cut short or made longer", () => {
    const sealed = box.seal(binding, "top secret");
    for (let length = 0; length < sealed.length; length += 1)
      assert.throws(() => box.open(binding, sealed.subarray(0, length)), UnavailableError, `${length} bytes`);
    assert.throws(() => box.open(binding, Buffer.concat([sealed, Buffer.alloc(1)])), UnavailableError);
  });

  it("refuses arbitrary bytes with the same error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.throws(() => box.open(binding, Buffer.from(bytes)), UnavailableError);
      }),
    );
  });

  const elsewhere: readonly Partial<SecretBinding>[] = [
    { projectId: "0197a000-0000-7000-8000-00000000000f" },
    { object: "source_secret" },
    { id: "0197a000-0000-7000-8000-00000000000f" },
    { version: 2 },
  ];
  for (const difference of elsewhere)
    it(`refuses a value moved to another ${Object.keys(difference).join()}`, () => {
      const sealed = box.seal(binding, "top secret");
      assert.throws(() => box.open({ ...binding, ...difference }, sealed), unreadable(/moved from another row/));
    });

  it("keeps apart bindings that would read the same when joined", () => {
    const object = "idempotent_response";
    const sealed = box.seal({ projectId: "a", object, id: `b|${object}|c`, version: 1 }, "top secret");
    assert.throws(
      () => box.open({ projectId: `a|${object}|b`, object, id: "c", version: 1 }, sealed),
      UnavailableError,
    );
  });

  it("opens after a rotation what the old master key sealed, and seals with the new one", () => {
    const rotated = createSecretBox(keysOf(2, [2, second], [1, first]));
    assert.equal(rotated.open(binding, box.seal(binding, "old")).toString(), "old");
    assert.equal(rotated.seal(binding, "new").readUInt32BE(1), 2);
  });

  it("tells the operator which master key version is missing", () => {
    const sealed = createSecretBox(keysOf(2, [2, second])).seal(binding, "top secret");
    assert.throws(
      () => box.open(binding, sealed),
      unreadable(/sealed with master key version 2, which is not configured; add 2:<key> to HOOKYARD_MASTER_KEY/),
    );
  });

  it("tells the operator when the master key is another one under the same version", () => {
    const sealed = box.seal(binding, "top secret");
    const other = createSecretBox(keysOf(1, [1, second]));
    assert.throws(() => other.open(binding, sealed), unreadable(/master key version 1 is not the key that sealed it/));
  });

  it("is not made without its current key or with a short one", () => {
    assert.throws(() => createSecretBox(keysOf(2, [1, first])), /version 2 as the current one/);
    assert.throws(() => createSecretBox(keysOf(1, [1, Buffer.alloc(16)])), /has 32 bytes, not 16/);
  });
});

describe("master keys", () => {
  const key = randomBytes(32);
  const older = randomBytes(32);

  it("takes 64 hexadecimal or 44 base64 characters as version 1", () => {
    for (const text of [key.toString("hex"), key.toString("hex").toUpperCase(), ` ${key.toString("base64")}\n`])
      assert.deepEqual(parseMasterKeys(text), { current: 1, keys: new Map([[1, key]]) });
  });

  it("takes a list whose first entry is the current version", () => {
    assert.deepEqual(parseMasterKeys(`7:${key.toString("hex")}, 1:${older.toString("base64")}`), {
      current: 7,
      keys: new Map([
        [7, key],
        [1, older],
      ]),
    });
  });

  it("generates keys that it accepts", () => {
    assert.equal(parseMasterKeys(generateMasterKey()).keys.get(1)?.length, 32);
    assert.notEqual(generateMasterKey(), generateMasterKey());
  });

  const hex = key.toString("hex");
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["nothing", "", /openssl rand -hex 32/],
    ["a password", "correct horse battery staple", /openssl rand -hex 32/],
    ["16 bytes", randomBytes(16).toString("hex"), /openssl rand -hex 32/],
    ["64 bytes", randomBytes(64).toString("hex"), /openssl rand -hex 32/],
    ["64 characters that are not hexadecimal", `${hex.slice(0, 63)}g`, /openssl rand -hex 32/],
    ["base64 without its padding", key.toString("base64").slice(0, 43), /openssl rand -hex 32/],
    ["zeros", "0".repeat(64), /openssl rand -hex 32/],
    ["a short pattern repeated", "0123456789abcdef".repeat(4), /openssl rand -hex 32/],
    ["a weak second key", `2:${hex},1:${"ab".repeat(32)}`, /version 1 must be 32 random bytes/],
    ["two keys without versions", `${hex},${older.toString("hex")}`, /must be one key, or a list/],
    ["version 0", `0:${hex}`, /must be one key, or a list/],
    ["a version that is not a number", `new:${hex}`, /must be one key, or a list/],
    ["a trailing comma", `2:${hex},`, /must be one key, or a list/],
    ["a version named twice", `2:${hex},2:${older.toString("hex")}`, /names version 2 twice/],
  ];
  for (const [what, text, message] of refused)
    it(`refuses ${what}, with the remedy and without the text`, () => {
      assert.throws(
        () => parseMasterKeys(text),
        (error: unknown) => {
          assert.ok(error instanceof Error);
          assert.match(error.message, /^HOOKYARD_MASTER_KEY /);
          assert.match(error.message, message);
          assert.equal(error.message.includes(hex) || (text !== "" && error.message.includes(text)), false);
          return true;
        },
      );
    });

  it("derives a key for each purpose, by RFC 5869", () => {
    const master = Buffer.alloc(32, 7);
    assert.notDeepEqual(deriveKey(master, "access-token"), deriveKey(master, "secret-box"));
    assert.notDeepEqual(deriveKey(master, "access-token"), deriveKey(Buffer.alloc(32, 8), "access-token"));
    // A change here makes everything unreadable that is sealed already.
    assert.equal(
      deriveKey(master, "secret-box").toString("hex"),
      "1374fdb308944978e607403efc7c0958e11adf176fcdbeba0bd3590872e843cb",
    );
  });
});
