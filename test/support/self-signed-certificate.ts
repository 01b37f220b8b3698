import { generateKeyPairSync, sign } from "node:crypto";

/** A server's key and certificate, as PEM. */
interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

interface CertificateOptions {
  /** Bits of an RSA key; default: a P-256 key. */
  readonly rsaBits?: number;
  /** The middle of the two hours for which it is valid, in milliseconds since the Unix epoch; default: now. */
  readonly nowMs?: number;
}

/**
 * Makes a self-signed certificate for DNS names, valid for an hour. Built by hand (RFC 5280), so that no private key
 * lies in the repository and no fixture expires.
 */
export function selfSignedCertificate(
  names: readonly string[],
  { rsaBits, nowMs: now = Date.now() }: CertificateOptions = {},
): ServerCertificate {
  const { privateKey, publicKey } =
    rsaBits === undefined
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: rsaBits });
  const algorithm =
    rsaBits === undefined
      ? der(0x30, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)) // ecdsa-with-SHA256
      : der(0x30, oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), der(0x05)); // sha256WithRSAEncryption
  const subject = der(0x30, der(0x31, der(0x30, oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(names[0] ?? "test")))));
  const altNames = der(0x30, ...names.map((name) => der(0x82, Buffer.from(name))));
  const extensions = der(
    0x30,
    der(0x30, oid(0x55, 0x1d, 0x11), der(0x04, altNames)),
    der(0x30, oid(0x55, 0x1d, 0x13), der(0x04, der(0x30, der(0x01, Buffer.from([0xff]))))), // basicConstraints: CA
  );
  const toSign = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))), // v3
    der(0x02, Buffer.from([1])),
    algorithm,
    subject,
    der(0x30, utcTime(now - 3_600_000), utcTime(now + 3_600_000)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", toSign, privateKey)]);
  const certificate = der(0x30, toSign, algorithm, der(0x03, signature));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`,
  };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function oid(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function utcTime(ms: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
}
