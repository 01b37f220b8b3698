import assert from "node:assert/strict";
import { classifyOutcome } from "../../src/deliveries/classify-outcome.ts";
import type { AttemptToClassify } from "../../src/deliveries/classify-outcome.ts";
import type { OutboundResult } from "../../src/platform/outbound-exchange.ts";
import type { OutboundFailureReason } from "../../src/platform/outbound-failure.ts";
import { loadConfig } from "../../src/platform/config.ts";

const nowMs = Date.UTC(2026, 0, 1);
const scheduleSeconds = loadConfig({}).deliveries.retryScheduleSeconds;

function response(status: number, headers: Record<string, string> = {}): OutboundResult {
  const body = Buffer.alloc(0);
  return { kind: "response", status, headers, body, truncated: false, durationMs: 1, remoteAddress: "192.0.2.1" };
}

function failure(reason: OutboundFailureReason): OutboundResult {
  return { kind: "failure", reason, detail: "", durationMs: 1 };
}

function classify(result: OutboundResult, changes: Partial<AttemptToClassify> = {}) {
  return classifyOutcome({ result, attemptsMade: 1, scheduleSeconds, nowMs, random: () => 0.5, ...changes });
}

const retryAfter = (seconds: number) => ({ state: "retry", atMs: nowMs + seconds * 1000, charged: true });

describe("classifyOutcome", () => {
  it("takes any 2xx for success, on the last attempt too", () => {
    for (const status of [200, 201, 202, 204, 226, 299]) {
      assert.deepEqual(classify(response(status)), { state: "succeeded", outcome: "succeeded" });
      assert.equal(classify(response(status), { attemptsMade: 10 }).state, "succeeded");
    }
  });

  for (const [status, outcome] of [
    [301, "http_3xx"],
    [304, "http_3xx"],
    [400, "http_4xx"],
    [404, "http_4xx"],
    [499, "http_4xx"],
    [500, "http_5xx"],
    [503, "http_5xx"],
    [599, "http_5xx"],
    [600, "http_5xx"],
    [999, "http_5xx"],
  ] as const) {
    it(`retries ${status} as ${outcome}`, () => {
      assert.deepEqual(classify(response(status)), { ...retryAfter(5), outcome });
    });
  }

  const reasons = ["blocked", "dns", "refused", "connect", "tls", "reset", "protocol", "too_large", "timeout"] as const;
  for (const reason of reasons) {
    it(`retries ${reason} on the schedule`, () => {
      assert.deepEqual(classify(failure(reason)), { ...retryAfter(5), outcome: reason });
    });
  }

  it("disables the endpoint on 410 and fails at once", () => {
    assert.deepEqual(classify(response(410)), { state: "failed", outcome: "http_4xx", disableEndpoint: true });
  });

  it("does not charge an attempt that the hub broke off, even the last one", () => {
    const expected = { state: "retry", outcome: "aborted", atMs: nowMs, charged: false };
    assert.deepEqual(classify(failure("aborted")), expected);
    assert.deepEqual(classify(failure("aborted"), { attemptsMade: 10 }), expected);
  });

  it("follows the default schedule and fails after the tenth attempt", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attemptsMade) => {
      const decided = classify(response(500), { attemptsMade });
      return decided.state === "retry" ? (decided.atMs - nowMs) / 1000 : decided.state;
    });
    assert.deepEqual(delays, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    const last = { state: "failed", outcome: "http_5xx", disableEndpoint: false };
    assert.deepEqual(classify(response(500), { attemptsMade: 10 }), last);
    assert.deepEqual(classify(response(503, { "retry-after": "60" }), { attemptsMade: 10 }), last);
    assert.deepEqual(classify(response(500), { scheduleSeconds: [] }), last);
  });

  it("spreads retries by 20 % to either side", () => {
    const early = classify(response(500), { attemptsMade: 2, random: () => 0 });
    const late = classify(response(500), { attemptsMade: 2, random: () => 0.999_999 });
    assert.ok(early.state === "retry" && early.atMs === nowMs + 240_000);
    assert.ok(late.state === "retry" && late.atMs > nowMs + 359_000 && late.atMs <= nowMs + 360_000);
  });

  for (const status of [429, 503]) {
    it(`waits as long as a ${status} asks for, in seconds or until a date`, () => {
      const outcome = status === 429 ? "http_4xx" : "http_5xx";
      assert.deepEqual(classify(response(status, { "retry-after": "120" })), { ...retryAfter(120), outcome });
      const date = new Date(nowMs + 90_000).toUTCString();
      assert.deepEqual(classify(response(status, { "retry-after": date })), { ...retryAfter(90), outcome });
    });
  }

  it("never comes sooner than the schedule, nor later than a day, because of Retry-After", () => {
    const soon = classify(response(503, { "retry-after": "1" }), { attemptsMade: 2 });
    assert.deepEqual(soon, { ...retryAfter(300), outcome: "http_5xx" });
    const far = classify(response(503, { "retry-after": "31536000" }));
    assert.deepEqual(far, { ...retryAfter(86_400), outcome: "http_5xx" });
  });

  it("passes over Retry-After when it is malformed or on another status", () => {
    assert.deepEqual(classify(response(503, { "retry-after": "soon" })), { ...retryAfter(5), outcome: "http_5xx" });
    assert.deepEqual(classify(response(500, { "retry-after": "120" })), { ...retryAfter(5), outcome: "http_5xx" });
  });
});
