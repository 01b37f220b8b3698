import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { endpointSecretProblem, generateEndpointSecret } from "../../src/endpoints/endpoint-secret.ts";

const ofBytes = (bytes: number): string => `whsec_${randomBytes(bytes).toString("base64")}`;

describe("generateEndpointSecret", () => {
  it("makes a different, valid secret of 32 bytes each time", () => {
    const secrets = Array.from({ length: 100 }, generateEndpointSecret);
    assert.equal(new Set(secrets).size, 100);
    for (const secret of secrets) {
      assert.equal(endpointSecretProblem(secret), undefined);
      assert.equal(Buffer.from(secret.slice(6), "base64").length, 32);
    }
  });
});

describe("endpointSecretProblem", () => {
  it("accepts 24 to 64 bytes, which the library accepts too", () => {
    for (const bytes of [24, 25, 26, 32, 63, 64]) {
      const secret = ofBytes(bytes);
      assert.equal(endpointSecretProblem(secret), undefined);
      assert.ok(new Webhook(secret));
    }
  });

  for (const [name, secret] of [
    ["no prefix", ofBytes(32).slice(6)],
    ["another prefix", ofBytes(32).replace("whsec_", "whsk_")],
    ["nothing after the prefix", "whsec_"],
    ["23 bytes", ofBytes(23)],
    ["65 bytes", ofBytes(65)],
    ["a missing padding", ofBytes(32).replace(/=+$/, "")],
    ["base64url", `whsec_${Buffer.alloc(33, 0xff).toString("base64url")}`],
    ["a space", ofBytes(33).replace(/.$/, " ")],
    ["a line break at the end", `${ofBytes(33)}\n`],
    ["bits that do not count", `whsec_${"A".repeat(42)}B=`],
    ["a passphrase", "whsec_correct horse battery staple"],
  ] as const) {
    it(`refuses ${name} without repeating it`, () => {
      const problem = endpointSecretProblem(secret);
      assert.ok(problem !== undefined);
      assert.ok(secret.length < 8 || !problem.includes(secret.slice(6)), problem);
    });
  }
});
