import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { inspect } from "node:util";
import { compileScheme } from "../../src/sources/compile-scheme.ts";
import { compileSecret } from "../../src/sources/compile-secret.ts";
import type { VerificationScheme } from "../../src/sources/verification-scheme.ts";
import { schemeOf, standardPublicKey, standardSecret } from "./verify-support.ts";

function problem(scheme: string | VerificationScheme, secret: string): string | undefined {
  const result = compileSecret(compileScheme(typeof scheme === "string" ? schemeOf(scheme) : scheme), secret);
  return result.ok ? undefined : result.message;
}

describe("a source's secret", () => {
  it("must not be empty, and for GitHub, Stripe and Slack need not be more", () => {
    for (const provider of ["github", "stripe", "slack", "standard-webhooks", "svix"])
      assert.equal(problem(provider, ""), "must not be empty");
    for (const provider of ["github", "stripe", "slack"]) assert.equal(problem(provider, "s"), undefined);
  });

  it("for Standard Webhooks is base64 of 16 bytes, with or without whsec_", () => {
    for (const provider of ["standard-webhooks", "svix"]) {
      assert.equal(problem(provider, standardSecret), undefined);
      assert.equal(problem(provider, standardSecret.slice("whsec_".length)), undefined);
      assert.equal(problem(provider, `whsec_${Buffer.alloc(16, 1).toString("base64")}`), undefined);
      assert.equal(
        problem(provider, `whsec_${Buffer.alloc(15, 1).toString("base64")}`),
        "must have at least 16 bytes after whsec_",
      );
      for (const secret of ["whsec_", "whsec_AA=="]) assert.match(problem(provider, secret) ?? "", /at least 16 bytes/);
      for (const secret of ["whsec_not base64!", "whsec_a", "whsk_x", "whsec_AAAA====", "whsec_é"])
        assert.equal(problem(provider, secret), "must be base64 after whsec_");
    }
  });

  it("for Stripe keeps whsec_ as a part of the key", () => {
    const scheme = compileScheme(schemeOf("stripe"));
    const result = compileSecret(scheme, "whsec_abc");
    assert.ok(result.ok);
    const [key] = result.key.keys;
    assert.ok(key !== undefined && !Buffer.isBuffer(key));
    assert.equal(key.export().toString(), "whsec_abc");
  });

  it("for v1a is an Ed25519 public key, and serves v1 not at all", () => {
    const scheme = compileScheme(schemeOf("standard-webhooks"));
    const keysOf = (secret: string) => {
      const result = compileSecret(scheme, secret);
      assert.ok(result.ok);
      return result.key.keys.map((key) => key !== undefined);
    };
    assert.deepEqual(keysOf(standardPublicKey), [false, true]);
    assert.deepEqual(keysOf(standardSecret), [true, false]);
    assert.match(problem("standard-webhooks", "whpk_AAAA") ?? "", /at least 32 bytes/);
    assert.match(
      problem("standard-webhooks", `whpk_${Buffer.alloc(33).toString("base64")}`) ?? "",
      /public key for ed25519/,
    );
  });

  it("as a public key is of the scheme's kind, and not private", () => {
    const pem = (algorithm: VerificationScheme["algorithm"]): VerificationScheme => ({ algorithm, header: "x" });
    const pemOf = (key: KeyObject) => String(key.export({ type: "spki", format: "pem" }));
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const weakRsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
    assert.equal(problem(pem("rsa-sha256"), pemOf(rsa.publicKey)), undefined);
    assert.equal(problem(pem("ecdsa-p256"), pemOf(p256.publicKey)), undefined);
    assert.match(problem(pem("ecdsa-p256"), pemOf(p384.publicKey)) ?? "", /P-256/);
    assert.match(problem(pem("rsa-sha256"), pemOf(weakRsa.publicKey)) ?? "", /at least 2048 bits/);
    assert.match(problem(pem("rsa-sha256"), pemOf(p256.publicKey)) ?? "", /public key for rsa-sha256/);
    assert.match(problem(pem("ed25519"), pemOf(rsa.publicKey)) ?? "", /public key for ed25519/);
    assert.match(
      problem(pem("rsa-sha256"), String(rsa.privateKey.export({ type: "pkcs8", format: "pem" }))) ?? "",
      /not a private one/,
    );
    for (const secret of ["no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
      assert.match(problem(pem("rsa-sha256"), secret) ?? "", /public key for rsa-sha256/);
  });

  it("in hex is hex", () => {
    const scheme: VerificationScheme = { algorithm: "hmac-sha256", header: "x", secret: { encoding: "hex" } };
    assert.equal(problem(scheme, "00ff"), undefined);
    for (const secret of ["0", "0g", "zz"]) assert.equal(problem(scheme, secret), "must be hex");
  });

  it("for a handshake has a value after its prefix", () => {
    const scheme: VerificationScheme = {
      algorithm: "hmac-sha256",
      header: "x",
      handshake: { request: "get", match: { query: "t", equalsSecret: "verify_token:" }, respond: {} },
    };
    assert.equal(problem(scheme, "verify_token:x"), undefined);
    assert.equal(problem(scheme, "verify_token:"), "must have a value after verify_token:");
  });

  it("is not repeated by what reports it, nor shown by what holds it", () => {
    const secret = "whsec_do not show!";
    assert.doesNotMatch(problem("svix", secret) ?? "", /do not show/);
    for (const scheme of [schemeOf("github"), { algorithm: "static", header: "x" } as const]) {
      const shown = inspect(compileSecret(compileScheme(scheme), "do-not-show"), { depth: 9 });
      assert.doesNotMatch(shown, /do-not-show|646f2d6e6f74/);
    }
  });
});
