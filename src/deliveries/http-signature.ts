import { createHash, createHmac, sign } from "node:crypto";
import type { SigningKey } from "./sign-message.ts";

/** What is signed of a POST. */
interface PostToSign {
  readonly url: string;
  /** Unix time. */
  readonly seconds: string;
  readonly payload: Buffer;
  readonly secrets: readonly string[];
  readonly keys: readonly SigningKey[];
  /** Header fields that are signed besides Content-Digest, by their names in lower case. */
  readonly covered: Readonly<Record<string, string>>;
}

// The bytes of a secret, as Standard Webhooks takes them.
function bytesOf(secret: string): Buffer {
  return Buffer.from(secret.slice(secret.indexOf("_") + 1), "base64");
}

/**
 * An HTTP message signature (RFC 9421) of a POST with its Content-Digest (RFC 9530): by Ed25519 where the endpoint has a key, else
 * by HMAC-SHA256 with the bytes of its secret; one for each live key or secret, `hookyard1` the newest.
 */
export function httpSignatureHeaders(post: PostToSign): Record<string, string> {
  const { url, seconds, payload, secrets, keys, covered } = post;
  const digest = `sha-256=:${createHash("sha256").update(payload).digest("base64")}:`;
  const fields = { "content-digest": digest, ...covered };
  const components = ["@method", "@target-uri", ...Object.keys(fields)].map((name) => JSON.stringify(name)).join(" ");
  const values = [
    `"@method": POST`,
    `"@target-uri": ${new URL(url).href}`,
    ...Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${value}`),
  ];
  const signers =
    keys.length > 0
      ? keys.map(({ privateKey, publicKey }) => ({
          parameters: `alg="ed25519";keyid="${publicKey}"`,
          make: (base: Buffer) => sign(null, base, privateKey),
        }))
      : secrets.map((secret) => ({
          parameters: `alg="hmac-sha256"`,
          make: (base: Buffer) => createHmac("sha256", bytesOf(secret)).update(base).digest(),
        }));
  const inputs: string[] = [];
  const signatures: string[] = [];
  for (const [index, { parameters, make }] of signers.entries()) {
    const input = `(${components});created=${seconds};${parameters}`;
    const base = [...values, `"@signature-params": ${input}`].join("\n");
    inputs.push(`hookyard${index + 1}=${input}`);
    signatures.push(`hookyard${index + 1}=:${make(Buffer.from(base)).toString("base64")}:`);
  }
  return { "content-digest": digest, "signature-input": inputs.join(", "), signature: signatures.join(", ") };
}
