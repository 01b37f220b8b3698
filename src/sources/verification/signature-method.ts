import { parsePointer } from "./json-pointer.ts";
import type { PointerPath } from "./json-pointer.ts";
import { listOf } from "./scheme-shape.ts";
import type { MethodShape } from "./scheme-shape.ts";
import { compileTimestamp } from "./signed-timestamp.ts";
import type { SignedTimestamp } from "./signed-timestamp.ts";

type SignedToken = NonNullable<MethodShape["signed"]>[number];

/** A signed text that the sender chooses, and the literal after it, which it must not contain. */
interface VariablePart {
  readonly kind: "header" | "field";
  readonly name: string;
  readonly delimiter: string | undefined;
}

/** A piece of the signed content. Texts are byte strings, as Node reads headers: one character per byte. */
export type SignedPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "method" | "url" | "timestamp" }
  | VariablePart;

/** One way of signing, ready for the hot path. */
export interface SignatureMethod {
  readonly algorithm: MethodShape["algorithm"];
  /** Node's name for the hash of an HMAC; undefined for what is none. */
  readonly hmacHash: "sha1" | "sha256" | "sha512" | undefined;
  /** Exact length of a signature; undefined where it varies. */
  readonly signatureBytes: number | undefined;
  readonly headers: readonly string[];
  readonly pointer: PointerPath | undefined;
  readonly itemSeparator: string | undefined;
  readonly keyValueSeparator: string | undefined;
  /** The name of the signatures in a list of pairs; undefined where signatures have no names. */
  readonly field: string | undefined;
  /** Fields of the signature header that are read, but are no signatures. */
  readonly otherFields: readonly string[];
  readonly prefix: string;
  /** `plain` is for static secrets that are sent as they are. */
  readonly encoding: "hex" | "base64" | "plain";
  /** What is signed before and after the body. */
  readonly before: readonly SignedPart[];
  readonly after: readonly SignedPart[];
  readonly variableParts: readonly VariablePart[];
  readonly timestamp: SignedTimestamp | undefined;
  readonly secretEncoding: "utf8" | "base64" | "hex";
  readonly stripPrefix: string | undefined;
  readonly minSecretBytes: number;
}

const hmacHashes: ReadonlyMap<string, "sha1" | "sha256" | "sha512"> = new Map([
  ["hmac-sha1", "sha1"],
  ["hmac-sha256", "sha256"],
  ["hmac-sha512", "sha512"],
]);
/** ECDSA signatures are DER, RSA ones as long as the key: neither has one length. */
const signatureBytes: ReadonlyMap<string, number> = new Map([
  ["hmac-sha1", 20],
  ["hmac-sha256", 32],
  ["hmac-sha512", 64],
  ["ed25519", 64],
  ["sha256-prefix", 32],
]);

export function compileMethod(method: MethodShape): SignatureMethod {
  const { algorithm } = method;
  const timestamp = compileTimestamp(method.timestamp);
  const tokens = method.signed ?? ["body"];
  const body = tokens.indexOf("body");
  const parts = tokens.map((token, index) => compileToken(token, tokens[index + 1], timestamp));
  const variableParts = parts.flatMap((part) => ("delimiter" in part ? [part] : []));
  const otherFields = variableParts.filter((part) => part.kind === "field").map((part) => part.name);
  if (timestamp?.field !== undefined) otherFields.push(timestamp.field);
  return {
    algorithm,
    hmacHash: hmacHashes.get(algorithm),
    signatureBytes: signatureBytes.get(algorithm),
    headers: listOf(method.header).map((name) => name.toLowerCase()),
    pointer: method.pointer === undefined ? undefined : parsePointer(method.pointer),
    itemSeparator: method.itemSeparator,
    keyValueSeparator: method.keyValueSeparator,
    field: method.field,
    otherFields,
    prefix: method.prefix ?? "",
    encoding: method.encoding ?? (algorithm === "static" ? "plain" : "hex"),
    before: parts.slice(0, body),
    after: parts.slice(body + 1),
    variableParts,
    timestamp,
    secretEncoding: method.secret?.encoding ?? "utf8",
    stripPrefix: method.secret?.stripPrefix,
    minSecretBytes: method.secret?.minBytes ?? 1,
  };
}

/** UTF-8 bytes as one character each: what a header with these bytes looks like in Node. */
export function byteString(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function compileToken(
  token: SignedToken,
  next: SignedToken | undefined,
  timestamp: SignedTimestamp | undefined,
): SignedPart {
  // The body stands between `before` and `after`; its own place in the list is cut out.
  if (token === "body") return { kind: "text", text: "" };
  if (typeof token === "string") return { kind: token };
  if ("literal" in token) return { kind: "text", text: byteString(token.literal) };
  const delimiter = typeof next === "object" && "literal" in next ? byteString(next.literal) : undefined;
  if ("field" in token) {
    if (token.field === timestamp?.field) return { kind: "timestamp" };
    return { kind: "field", name: token.field, delimiter };
  }
  const name = token.header.toLowerCase();
  return name === timestamp?.header ? { kind: "timestamp" } : { kind: "header", name, delimiter };
}
