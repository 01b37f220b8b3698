import assert from "node:assert/strict";
import { BlockList, isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { isDeniedAddress, parseAllowList } from "../../src/lib/denied-addresses.ts";

/** PITFALLS "SSRF", with the first and the last address of each range. */
const DENIED = {
  "0/8": ["0.0.0.0", "0.255.255.255"],
  "10/8": ["10.0.0.0", "10.255.255.255"],
  "100.64/10": ["100.64.0.0", "100.127.255.255"],
  "127/8": ["127.0.0.0", "127.255.255.255"],
  "169.254/16": ["169.254.0.0", "169.254.169.254", "169.254.255.255"],
  "172.16/12": ["172.16.0.0", "172.31.255.255"],
  "192.0.0/24": ["192.0.0.0", "192.0.0.255"],
  "192.0.2/24": ["192.0.2.0", "192.0.2.255"],
  "192.88.99/24": ["192.88.99.0", "192.88.99.255"],
  "192.168/16": ["192.168.0.0", "192.168.255.255"],
  "198.18/15": ["198.18.0.0", "198.19.255.255"],
  "198.51.100/24": ["198.51.100.0", "198.51.100.255"],
  "203.0.113/24": ["203.0.113.0", "203.0.113.255"],
  "224/4": ["224.0.0.0", "239.255.255.255"],
  "240/4": ["240.0.0.0", "255.255.255.255"],
  "168.63.129.16": ["168.63.129.16"],
  "2001::/23": ["2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
  "2001:db8::/32": ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
  "2002::/16": ["2002::", "2002:808:808::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  "3fff::/20": ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
  "::ffff:0:0/96": ["::ffff:0:0", "::ffff:8.8.8.8", "::ffff:10.0.0.1", "::ffff:ffff:ffff"],
  "::/96": ["::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:ffff"],
  "64:ff9b::/96": ["64:ff9b::", "64:ff9b::8.8.8.8", "64:ff9b::10.0.0.1"],
  "64:ff9b:1::/48": ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
  "100::/64": ["100::", "100::ffff:ffff:ffff:ffff"],
  "5f00::/16": ["5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  "fc00::/7": ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  "fe80::/10": ["fe80::1", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  "fec0::/10": ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  "ff00::/8": ["ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  "outside 2000::/3": ["1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::"],
};

const PUBLIC = [
  ["1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"],
  ["168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0"],
  ["192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"],
  ["2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::", "2606:4700::1111", "3ffe::", "3fff:1000::"],
].flat();

const allowing = (text: string): ReturnType<typeof parseAllowList>["allow"] => {
  const { allow, errors } = parseAllowList(text);
  assert.deepEqual(errors, []);
  return allow;
};

describe("isDeniedAddress", () => {
  for (const [range, addresses] of Object.entries(DENIED)) {
    it(`denies ${range}`, () => {
      for (const address of addresses) assert.equal(isDeniedAddress(address, []), true, address);
    });
  }

  it("lets the addresses just outside the ranges through", () => {
    for (const address of PUBLIC) assert.equal(isDeniedAddress(address, []), false, address);
  });

  it("denies what is not a canonical address", () => {
    for (const text of ["", "example.com", "8.8.8", "134744072", "0x8.8.8.8", "010.8.8.8", "8.8.8.8:80", "[2606::1]"]) {
      assert.equal(isDeniedAddress(text, []), true, text);
    }
    assert.equal(isDeniedAddress("fe80::1%eth0", allowing("fe80::/10")), true);
  });

  it("agrees with node:net's BlockList on random IPv4 addresses", () => {
    const oracle = new BlockList();
    for (const [range, [first = ""]] of Object.entries(DENIED)) {
      if (isIPv4(first)) oracle.addSubnet(first, Number(range.split("/")[1] ?? 32));
    }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xff_ff_ff_ff }), (bits) => {
        const address = [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join(".");
        assert.equal(isDeniedAddress(address, []), oracle.check(address), address);
      }),
      { numRuns: 2_000 },
    );
  });

  it("denies every random IPv6 address outside 2000::/3", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        fc.pre(isIPv6(address) && !/^[23][0-9a-f]{3}:/i.test(address));
        assert.equal(isDeniedAddress(address, []), true, address);
      }),
    );
  });
});

describe("an allow-list", () => {
  it("opens exactly its ranges", () => {
    const allow = allowing("127.0.0.0/8, fd00::/8,10.1.2.3");
    for (const address of ["127.0.0.1", "fd00::1", "10.1.2.3", "8.8.8.8"]) {
      assert.equal(isDeniedAddress(address, allow), false, address);
    }
    for (const address of ["10.1.2.4", "::1", "fc00::1", "169.254.169.254"]) {
      assert.equal(isDeniedAddress(address, allow), true, address);
    }
  });

  it("reaches a mapped address through its IPv4 range", () => {
    assert.equal(isDeniedAddress("::ffff:127.0.0.1", allowing("127.0.0.0/8")), false);
    assert.equal(isDeniedAddress("::ffff:10.0.0.1", allowing("127.0.0.0/8")), true);
  });

  it("does not open the private addresses behind NAT64 or 6to4", () => {
    const allow = allowing("64:ff9b::/96,2002::/16");
    assert.equal(isDeniedAddress("64:ff9b::8.8.8.8", allow), false);
    assert.equal(isDeniedAddress("64:ff9b::169.254.169.254", allow), true);
    assert.equal(isDeniedAddress("2002:808:808::1", allow), false);
    assert.equal(isDeniedAddress("2002:a00:1::1", allow), true);
  });

  it("is empty for empty text", () => {
    assert.deepEqual(parseAllowList(""), { allow: [], errors: [] });
    assert.deepEqual(parseAllowList(" , "), { allow: [], errors: [] });
  });

  it("names every entry that it cannot read", () => {
    const bad = ["127.1", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8", "localhost", "0x7f.0.0.1/8", "::1/-1"];
    const { allow, errors } = parseAllowList(["10.0.0.0/8", ...bad].join(","));
    assert.equal(allow.length, 1);
    assert.equal(errors.length, bad.length);
    for (const [index, entry] of bad.entries()) assert.ok(errors[index]?.includes(`"${entry}"`), errors[index]);
  });
});
