import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRetryAfter } from "../../src/lib/retry-after.ts";

const now = Date.UTC(1994, 10, 6, 8, 49, 7);
const DAY_SECONDS = 86_400;

describe("parseRetryAfter", () => {
  it("reads delta-seconds", () => {
    assert.equal(parseRetryAfter("120", now, DAY_SECONDS), 120);
    assert.equal(parseRetryAfter(" 0 ", now, DAY_SECONDS), 0);
  });

  it("reads the three date forms of RFC 9110", () => {
    assert.equal(parseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", now, DAY_SECONDS), 30);
    assert.equal(parseRetryAfter("Sunday, 06-Nov-94 08:49:37 GMT", now, DAY_SECONDS), 30);
    assert.equal(parseRetryAfter("Sun Nov  6 08:49:37 1994", now, DAY_SECONDS), 30);
  });

  it("takes a two-digit year more than fifty years ahead for the past century", () => {
    const in2024 = Date.UTC(2024, 0, 1);
    assert.equal(parseRetryAfter("Sunday, 06-Nov-94 08:49:37 GMT", in2024, DAY_SECONDS), 0);
  });

  it("clamps to the maximum, and a date in the past to 0", () => {
    assert.equal(parseRetryAfter("99999999999999999999999999", now, DAY_SECONDS), DAY_SECONDS);
    assert.equal(parseRetryAfter("Sun, 06 Nov 2094 08:49:37 GMT", now, DAY_SECONDS), DAY_SECONDS);
    assert.equal(parseRetryAfter("Sun, 06 Nov 1994 08:49:00 GMT", now, DAY_SECONDS), 0);
  });

  for (const malformed of [
    ["empty", ""],
    ["a negative number", "-1"],
    ["a fraction", "1.5"],
    ["a hexadecimal number", "0x10"],
    ["an exponent", "1e3"],
    ["two joined headers", "10, 20"],
    ["an ISO date", "1994-11-06T08:49:37Z"],
    ["another time zone", "Sun, 06 Nov 1994 08:49:37 CET"],
    ["a day that does not exist", "Thu, 31 Feb 1994 08:49:37 GMT"],
    ["hour 24", "Sun, 06 Nov 1994 24:00:00 GMT"],
    ["a year below 100", "Sun, 06 Nov 0094 08:49:37 GMT"],
    ["a word", "soon"],
  ] as const) {
    it(`is undefined for ${malformed[0]}`, () => {
      assert.equal(parseRetryAfter(malformed[1], now, DAY_SECONDS), undefined);
    });
  }

  it("reads every date that toUTCString writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: DAY_SECONDS }), (seconds) => {
        const date = new Date(now + seconds * 1000).toUTCString();
        assert.equal(parseRetryAfter(date, now, DAY_SECONDS), seconds);
      }),
    );
  });
});
