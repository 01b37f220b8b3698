import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { hmacSha256 } from "../../src/lib/hmac-sha256.ts";

describe("hmacSha256", () => {
  it("says what node's createHmac says, for any key and text", () => {
    const keys = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(keys, fc.string({ unit: "grapheme", maxLength: 200 }), (key, text) => {
        assert.deepEqual(hmacSha256(key, text), createHmac("sha256", key).update(text).digest());
      }),
    );
  });

  it("says what RFC 4231 says of a key longer than a block", () => {
    const signed = hmacSha256(Buffer.alloc(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First");
    assert.equal(signed.toString("hex"), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  });
});
