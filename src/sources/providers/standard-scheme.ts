import type { VerificationScheme } from "../verification-scheme.ts";

type Method = Pick<
  VerificationScheme,
  | "algorithm"
  | "header"
  | "itemSeparator"
  | "keyValueSeparator"
  | "field"
  | "encoding"
  | "signed"
  | "timestamp"
  | "secret"
>;

function shared(family: "webhook" | "svix"): Omit<Method, "algorithm"> {
  return {
    header: `${family}-signature`,
    itemSeparator: " ",
    keyValueSeparator: ",",
    encoding: "base64",
    signed: [{ header: `${family}-id` }, { literal: "." }, { header: `${family}-timestamp` }, { literal: "." }, "body"],
    timestamp: { from: { header: `${family}-timestamp` }, unit: "seconds", toleranceSeconds: 300 },
  };
}

/** `v1` of Standard Webhooks, HMAC with a `whsec_` secret. */
export function standardMethod(family: "webhook" | "svix"): Method {
  return {
    ...shared(family),
    algorithm: "hmac-sha256",
    field: "v1",
    // The spec asks for 24 to 64 bytes; its own library takes one byte. 16 is what no guess reaches.
    secret: { encoding: "base64", stripPrefix: "whsec_", minBytes: 16 },
  };
}

/**
 * The scheme of https://www.standardwebhooks.com (its spec, "Webhook Headers" and "Signature scheme"), under the header names
 * `<family>-id`, `<family>-timestamp` and `<family>-signature`. `v1` is HMAC with a `whsec_` secret, `v1a` Ed25519 with a `whpk_` key.
 */
export function standardScheme(family: "webhook" | "svix"): VerificationScheme {
  return {
    ...standardMethod(family),
    alternatives: [
      {
        ...shared(family),
        algorithm: "ed25519",
        field: "v1a",
        secret: { encoding: "base64", stripPrefix: "whpk_", minBytes: 32 },
      },
    ],
    body: "json",
    deliveryId: { header: `${family}-id` },
    eventType: { pointer: "/type" },
    keepHeaders: ["content-type", "user-agent", `${family}-id`, `${family}-timestamp`],
  };
}
