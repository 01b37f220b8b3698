import assert from "node:assert/strict";
import { parseAllowList } from "../../src/lib/denied-addresses.ts";
import { checkOutboundUrl } from "../../src/platform/check-outbound-url.ts";

const refused = [
  ["http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://017700000001/", "http://0177.0.0.1/"],
  ["http://0x7f.0.0.1/", "http://0x7f000001/", "http://0/", "http://127.0.0.1./", "http://１２７.0.0.1/"],
  ["http://169.254.169.254/latest/meta-data", "http://2852039166/", "http://0xa9fea9fe/", "http://168.63.129.16/"],
  ["http://[::1]/", "http://[::]/", "http://[::7f00:1]/", "http://[::ffff:10.0.0.1]/", "http://[::ffff:a00:1]/"],
  ["http://[0:0:0:0:0:ffff:7f00:1]/", "http://[64:ff9b::a00:1]/", "http://[fe80::1]/", "http://[fd00::1]/"],
  ["http://localhost/", "http://LOCALHOST:8080/", "http://localhost./", "http://a.b.localhost/"],
  ["https://user@example.com/", "https://user:secret@example.com/", "https://:secret@example.com/"],
  ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "javascript:alert(1)", "data:,x"],
  ["http://example.com:0/", "http://example.com:65536/", "/relative", "example.com", "", "http://", "http://a b/"],
].flat();

describe("checkOutboundUrl", () => {
  for (const url of refused) {
    it(`refuses ${url === "" ? "an empty URL" : url}`, () => {
      const checked = checkOutboundUrl(url, []);
      assert.equal(checked.ok, false);
      assert.match(checked.reason, /^[a-z]/i);
      assert.ok(!checked.reason.includes("secret"));
    });
  }

  for (const url of [
    "https://example.com/hook?a=b",
    "http://8.8.8.8:8080/",
    "https://[2606:4700::1111]/",
    "http://a.b",
  ]) {
    it(`accepts ${url}`, () => assert.equal(checkOutboundUrl(url, []).ok, true));
  }

  it("accepts localhost where loopback is allowed, for the allowed family only and without DNS", () => {
    const { allow } = parseAllowList("127.0.0.0/8");
    for (const url of ["http://localhost:3000/", "http://app.localhost/", "http://LocalHost./"]) {
      const checked = checkOutboundUrl(url, allow);
      assert.ok(checked.ok);
      assert.deepEqual(checked.target.addresses, ["127.0.0.1"]);
    }
  });

  it("knows the address of a literal and leaves a name to the resolver", () => {
    const literal = checkOutboundUrl("https://[2606:4700::1111]:8443/x", []);
    assert.ok(literal.ok);
    assert.equal(literal.target.hostname, "2606:4700::1111");
    assert.deepEqual(literal.target.addresses, ["2606:4700::1111"]);
    const name = checkOutboundUrl("https://example.com./x", []);
    assert.ok(name.ok);
    assert.equal(name.target.hostname, "example.com");
    assert.equal(name.target.addresses, undefined);
  });
});
