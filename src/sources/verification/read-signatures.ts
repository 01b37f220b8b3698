import { createHash } from "node:crypto";
import type { RejectionReason } from "./rejection.ts";
import type { SignatureMethod } from "./signature-method.ts";
import { decodeStrictly } from "./strict-encoding.ts";

/** Rotation needs two or three. Each one more is work that an unauthenticated sender gets for free. */
const maxSignatures = 10;

/** What the signature headers of a request hold. */
interface ReadSignatures {
  /** Well-formed signatures of a known version; at least one. For static secrets, their SHA-256. */
  readonly candidates: readonly Buffer[];
  /** The other fields that the method reads, such as Stripe's `t`. */
  readonly fields: ReadonlyMap<string, string> | undefined;
}

/** Cuts the headers into signatures and decodes them, or says why there is none to compare. */
export function readSignatures(
  method: SignatureMethod,
  headerValues: readonly string[],
): ReadSignatures | RejectionReason {
  const candidates: Buffer[] = [];
  let fields: Map<string, string> | undefined;
  let signatures = 0;
  let known = 0;
  for (const headerValue of headerValues) {
    let start = 0;
    while (start <= headerValue.length) {
      const end = endOf(headerValue, start, method.itemSeparator);
      const item = headerValue.slice(start, end);
      start = end + (method.itemSeparator?.length ?? 1);
      const name = nameOf(item, method.keyValueSeparator);
      const text = name === undefined ? item : item.slice(name.length + (method.keyValueSeparator?.length ?? 0));
      if (name !== undefined && method.otherFields.includes(name)) {
        fields ??= new Map();
        if (fields.has(name)) return name === method.timestamp?.field ? "bad_timestamp" : "bad_signed_value";
        fields.set(name, text);
        continue;
      }
      if (++signatures > maxSignatures) return "too_many_signatures";
      if (name !== method.field || !text.startsWith(method.prefix)) continue;
      known++;
      const candidate = decode(text.slice(method.prefix.length), method);
      if (candidate !== undefined) candidates.push(candidate);
    }
  }
  if (candidates.length > 0) return { candidates, fields };
  return known > 0 ? "malformed_signature" : "unknown_version";
}

function endOf(text: string, start: number, separator: string | undefined): number {
  const end = separator === undefined ? -1 : text.indexOf(separator, start);
  return end === -1 ? text.length : end;
}

function nameOf(item: string, separator: string | undefined): string | undefined {
  const end = separator === undefined ? -1 : item.indexOf(separator);
  return end === -1 ? undefined : item.slice(0, end);
}

function decode(text: string, method: SignatureMethod): Buffer | undefined {
  if (method.encoding !== "plain") {
    const bytes = decodeStrictly(text, method.encoding, method.signatureBytes);
    return bytes !== undefined && method.algorithm === "static" ? digest(bytes) : bytes;
  }
  return text === "" ? undefined : digest(Buffer.from(text, "latin1"));
}

/** Static secrets are compared by their hashes, so that a comparison does not tell their length. */
function digest(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
