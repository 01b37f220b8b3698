import assert from "node:assert/strict";
import fc from "fast-check";
import { attachmentDisposition } from "../../src/http/content-disposition.ts";

describe("The Content-Disposition of a download", () => {
  it("has the name twice: for old clients in ASCII, for the rest in UTF-8", () => {
    for (const [name, ascii, utf8] of [
      ["report.md", "report.md", "report.md"],
      ["a b.txt", "a b.txt", "a%20b.txt"],
      ['say "hi"', "say _hi_", "say%20%22hi%22"],
      ["50%.csv", "50_.csv", "50%25.csv"],
      ["it's (1)*!", "it's (1)*!", "it%27s%20%281%29%2A!"],
      ["r\u00e9sum\u00e9", "r_sum_", "r%C3%A9sum%C3%A9"],
      ["\u{1f600}", "__", "%F0%9F%98%80"],
    ] as const)
      assert.equal(attachmentDisposition(name), `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`);
  });

  it("names no directory and cannot end the header", () => {
    for (const name of ["../../etc/passwd", "..\\x", "a\r\nSet-Cookie: b=c", "a\u0000b", "a\u0085b"]) {
      const value = attachmentDisposition(name);
      assert.doesNotMatch(value, /[\p{Cc}/\\]|%0[AD0]|%2F|%5C/iu, value);
    }
  });

  it("is a header for any name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
        const [, utf8 = ""] =
          /^attachment; filename="[\x20\x21\x23-\x5b\x5d-\x7e]*"; filename\*=UTF-8''([\w!#$&+.^`|~%-]*)$/.exec(
            attachmentDisposition(name),
          ) ?? assert.fail(attachmentDisposition(name));
        decodeURIComponent(utf8);
      }),
    );
    assert.match(attachmentDisposition("\ud800"), /%EF%BF%BD/);
    assert.ok(attachmentDisposition("\u{1f600}".repeat(10_000)).length < 3_000);
  });
});
