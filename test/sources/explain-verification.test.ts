import assert from "node:assert/strict";
import fc from "fast-check";
import { compileSecret } from "../../src/sources/compile-secret.ts";
import { type Explanation, explainVerification } from "../../src/sources/explain-verification.ts";
import type { SampleDelivery } from "../../src/sources/prepare-sample.ts";
import { nowMs, type Subject, subjects, type TestSecret, url, verify, withSignature } from "../conformance/subject.ts";

function explain(
  { scheme }: Subject,
  secrets: readonly TestSecret[],
  delivery: SampleDelivery,
  atMs = nowMs,
): Explanation {
  const keys = secrets.flatMap(({ text }) => {
    const compiled = compileSecret(scheme, text);
    return compiled.ok ? [compiled.key] : [];
  });
  const { headers, rawBody } = delivery;
  return explainVerification({ method: "POST", url, rawBody, headers: headers.flat(), keys, nowMs: atMs }, scheme);
}

/** What the explanation comes to. */
function verdict({ methods }: Explanation): boolean {
  return methods.some(({ reason }) => reason === undefined);
}

describe("the explanation of a verification", () => {
  for (const subject of subjects())
    describe(`for ${subject.title}`, () => {
      const [right, wrong] = [subject.newSecret(), subject.newSecret()];
      const delivery = subject.deliver(right);

      it("says of a genuine delivery which secret signed it", () => {
        const explanation = explain(subject, [wrong, right], delivery);
        assert.equal(verdict(explanation), true);
        const matching = explanation.methods.flatMap(({ comparisons }) => comparisons.filter(({ matches }) => matches));
        assert.deepEqual([...new Set(matching.map(({ secret }) => secret))], [1]);
      });

      it("gives the reason of the verifier for another secret, and for another time", () => {
        for (const [secrets, atMs] of [
          [[wrong], nowMs],
          [[], nowMs],
          [[right], nowMs + 90_000_000],
          [[right], nowMs - 90_000_000],
        ] as const) {
          const decided = verify(subject, secrets, delivery, atMs);
          const explanation = explain(subject, secrets, delivery, atMs);
          assert.equal(verdict(explanation), decided.ok);
          if (!decided.ok)
            assert.ok(
              explanation.methods.some(({ reason }) => reason === decided.reason),
              decided.reason,
            );
        }
      });

      it("never throws, and agrees with the verifier, whatever stands for the signature", () => {
        fc.assert(
          fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.base64String()), (text) => {
            if (subject.method.pointer !== undefined) return;
            const forged = withSignature(delivery, () => text.replaceAll(/[\r\n]/g, ""));
            const decided = verify(subject, [right], forged);
            const explanation = explain(subject, [right], forged);
            assert.equal(verdict(explanation), decided.ok);
            if (!decided.ok) assert.ok(explanation.methods.some(({ reason }) => reason === decided.reason));
          }),
          { numRuns: 50 },
        );
      });
    });
});
