import assert from "node:assert/strict";
import { parseBody } from "../../src/lib/parse-body.ts";

const form = "application/x-www-form-urlencoded";

function parsed(text: string | Buffer, contentType?: string): unknown {
  const result = parseBody(Buffer.from(text as string), contentType);
  return result.ok ? { [result.kind]: result.value } : result.reason;
}

describe("the body of the event document", () => {
  it("is JSON parsed, by its media type in any case and with parameters", () => {
    for (const type of ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json", "text/json"])
      assert.deepEqual(parsed(' {"a":[1]} ', type), { json: { a: [1] } });
    assert.deepEqual(parsed('"text"', "application/json"), { json: "text" });
    assert.deepEqual(parsed("null", "application/json"), { json: null });
    assert.equal(parsed("{a}", "application/json"), "not_json");
  });

  it("is JSON where it reads as an object or array, whatever is declared", () => {
    for (const type of [undefined, "text/plain;charset=UTF-8", form, "application/octet-stream"])
      assert.deepEqual(parsed('\r\n\t {"a":1}', type), { json: { a: 1 } });
    assert.deepEqual(parsed("[not json", "text/plain"), { text: "[not json" });
    assert.deepEqual(parsed("123", "text/plain"), { text: "123" });
    assert.deepEqual(parsed("   ", undefined), { text: "   " });
  });

  it("is a form as an object without prototype, with repeated keys as arrays", () => {
    const result = parseBody(Buffer.from("a=1&b=x+y%20z&a=2&__proto__=p&constructor=c&empty=&bare&%zz=%ff"), form);
    assert.ok(result.ok);
    assert.equal(result.kind, "form");
    const value = result.value as Record<string, unknown>;
    assert.equal(Object.getPrototypeOf(value), null);
    assert.deepEqual(Object.entries(value), [
      ["a", ["1", "2"]],
      ["b", "x y z"],
      ["__proto__", "p"],
      ["constructor", "c"],
      ["empty", ""],
      ["bare", ""],
      ["%zz", "\ufffd"],
    ]);
  });

  it("keeps every field of a long form", () => {
    const text = Array.from({ length: 3000 }, (_, index) => `k${index}=1`).join("&");
    const result = parseBody(Buffer.from(text), form);
    assert.ok(result.ok);
    assert.equal(Object.keys(result.value as object).length, 3000);
  });

  it("is what a form's only field payload holds, as GitHub and Slack wrap it", () => {
    const wrapped = `payload=${encodeURIComponent('{"action":"opened","n":"a+b&c"}')}`;
    assert.deepEqual(parsed(wrapped, form), { json: { action: "opened", n: "a+b&c" } });
    const beside = `${wrapped}&other=1`;
    assert.ok("form" in (parsed(beside, form) as object));
    assert.ok("form" in (parsed("payload=not json", form) as object));
    assert.ok("form" in (parsed("payload={}&payload={}", form) as object));
  });

  it("is a text otherwise, unless it is empty, no UTF-8 or marked with a byte order", () => {
    assert.deepEqual(parsed("grüß\u0000e", "text/plain"), { text: "grüß\u0000e" });
    assert.equal(parsed("", "text/plain"), "empty_body");
    assert.equal(parsed(Buffer.from([0xc3, 0x28]), form), "bad_utf8");
    assert.equal(parsed("\uFEFFtext", "text/plain"), "byte_order_mark");
  });
});
