import fc from "fast-check";
import { compileSecret } from "../../src/sources/compile-secret.ts";
import { providers } from "../../src/sources/providers/catalogue.ts";
import { verifyRequest } from "../../src/sources/verify-request.ts";
import {
  githubSecret,
  githubSignature,
  nowSeconds,
  slackHeaders,
  slackSecret,
  sourceOf,
  sourceUrl,
  standardHeaders,
  standardPublicKey,
  standardSecret,
  standardSignature,
  stripeSecret,
  stripeSignature,
} from "./verify-support.ts";

const sources = [
  sourceOf("github", githubSecret),
  sourceOf("stripe", stripeSecret),
  sourceOf("slack", slackSecret),
  sourceOf("standard-webhooks", standardSecret, standardPublicKey),
  sourceOf("svix", standardSecret),
  sourceOf({ algorithm: "static", pointer: "/passcode" }, "p"),
  sourceOf({ algorithm: "ed25519", header: "x-signature", secret: { encoding: "hex" } }, "11".repeat(32)),
];
const names = sources.flatMap(({ scheme }) => [...scheme.wantedHeaders]);
const signatureText = fc
  .array(
    fc.constantFrom(
      "v1",
      "v1a",
      ",",
      "=",
      " ",
      "t",
      `${nowSeconds}`,
      "sha256=",
      "v0=",
      "0".repeat(64),
      "AAAA",
      "\u0000",
      "é",
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));
const text = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), signatureText, fc.constant(String(nowSeconds)));
const rawHeaders = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string({ unit: "binary" })), text), { maxLength: 30 })
  .chain((pairs) => fc.constantFrom(pairs.flat(), pairs.flat().slice(1)));
const body = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((json) => Buffer.from(json)),
  fc.string({ unit: "binary" }).map((string) => Buffer.from(string)),
);

describe("verifyRequest", () => {
  it("never throws, whatever headers and bytes arrive, nor lets unsigned ones in", () => {
    fc.assert(
      fc.property(fc.constantFrom(...sources), rawHeaders, body, text, (source, headers, rawBody, method) => {
        for (const verb of ["POST", "GET", method]) {
          const request = { rawBody, headers, method: verb, url: sourceUrl, keys: source.keys, query: method };
          const result = verifyRequest({ ...request, nowMs: nowSeconds * 1000 }, source.scheme);
          if (result.ok) throw new Error("accepted without a signature");
        }
      }),
      { numRuns: 1500 },
    );
  });

  it("never throws on a signed body, whatever its bytes and its content type", () => {
    const sign = [
      [sources[0], (bytes: Buffer) => githubSignature(bytes)],
      [sources[1], (bytes: Buffer) => ["stripe-signature", `t=${nowSeconds},v1=${stripeSignature(nowSeconds, bytes)}`]],
      [sources[2], (bytes: Buffer) => slackHeaders(bytes).slice(1).flat()],
      [
        sources[3],
        (bytes: Buffer) =>
          standardHeaders(standardSignature("id", String(nowSeconds), bytes), "id")
            .slice(1)
            .flat(),
      ],
    ] as const;
    const types = fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain", "\u0000;", "");
    fc.assert(
      fc.property(fc.constantFrom(...sign), body, types, rawHeaders, ([source, signed], rawBody, type, others) => {
        if (source === undefined) throw new Error("no source");
        const wanted = source.scheme.singleHeaders;
        const harmless = others.length % 2 === 0 && !others.some((name) => wanted.has(name.toLowerCase()));
        const headers = [...signed(rawBody), "Content-Type", type, ...(harmless ? others : [])];
        const request = { rawBody, headers, method: "POST", url: sourceUrl, keys: source.keys };
        const result = verifyRequest({ ...request, nowMs: nowSeconds * 1000 }, source.scheme);
        if (!result.ok && result.status === 401) throw new Error(`refused as ${result.reason}`);
      }),
      { numRuns: 1000 },
    );
  });

  it("never throws on a secret", () => {
    const compiled = [...providers.values()].flatMap(({ scheme }) => (scheme ? [sourceOf(scheme).scheme] : []));
    const prefixes = fc.constantFrom("", "whsec_", "whpk_", "-----BEGIN PUBLIC KEY-----\n");
    fc.assert(
      fc.property(fc.constantFrom(...compiled), prefixes, fc.string({ unit: "binary" }), (scheme, prefix, rest) => {
        compileSecret(scheme, prefix + rest);
      }),
    );
  });
});
