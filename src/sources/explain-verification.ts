import { createHash } from "node:crypto";
import { parseBody } from "../lib/parse-body.ts";
import type { CompiledScheme } from "./compile-scheme.ts";
import { signatureTexts } from "./verification/authenticate.ts";
import { anySignatureMatches } from "./verification/compare-signatures.ts";
import { readPointerText } from "./verification/json-pointer.ts";
import { type PickedHeaders, pickHeaders } from "./verification/pick-headers.ts";
import { readContentType } from "./verification/read-delivery.ts";
import { readSignatures } from "./verification/read-signatures.ts";
import type { RejectionReason } from "./verification/rejection.ts";
import type { SignatureMethod } from "./verification/signature-method.ts";
import { type SignedContent, signedContent } from "./verification/signed-content.ts";
import { timestampProblem } from "./verification/signed-timestamp.ts";
import type { InboundRequest } from "./verify-request.ts";

/** A header that the scheme looks at. */
interface SeenHeader {
  readonly name: string;
  readonly times: number;
}

/** The signed time, as it was read. */
export interface SeenTimestamp {
  readonly text: string | undefined;
  /** How far it is ahead of now; negative when it lies behind. */
  readonly skewSeconds: number | undefined;
  readonly toleranceSeconds: number;
  readonly problem: RejectionReason | undefined;
}

/** The bytes that a signature is compared over. */
interface SeenContent {
  readonly size: number;
  readonly sha256: string;
  /** The first bytes, as text and in hex. */
  readonly start: string;
  readonly startHex: string;
  readonly end: string;
}

/** One way of signing, as far as it was followed. */
interface MethodExplanation {
  readonly algorithm: string;
  readonly readFrom: readonly string[];
  /** How many of the secrets are for it. */
  readonly secrets: number;
  readonly reason: RejectionReason | undefined;
  readonly timestamp: SeenTimestamp | undefined;
  readonly signed: SeenContent | undefined;
  /** Every secret with every signature, by their places. */
  readonly comparisons: readonly { readonly secret: number; readonly signature: number; readonly matches: boolean }[];
}

/** Why a request does or does not verify, apart from the verdict itself. */
export interface Explanation {
  readonly headers: readonly SeenHeader[];
  readonly methods: readonly MethodExplanation[];
}

const startBytes = 512;
const startHexBytes = 64;
const endBytes = 64;
// Of a time that is far off, the signature is still worth a look: is it an old delivery, or a wrong secret?
const anyToleranceSeconds = 1e12;

/**
 * Follows a request through its scheme as `verifyRequest` does, and writes down what it sees: beside it, since the hot path has
 * nothing to write down. It never tells a secret, nor the signature that would have been right: that would sign for anybody
 * whatever he likes.
 */
export function explainVerification(request: InboundRequest, scheme: CompiledScheme): Explanation {
  const headers = pickHeaders(request.headers, scheme.wantedHeaders);
  const parsed = parseBody(request.rawBody, readContentType(headers.values));
  const body = parsed.ok ? parsed.value : undefined;
  return {
    headers: [...scheme.singleHeaders].map((name) => ({ name, times: timesOf(name, headers) })),
    methods: scheme.methods.map((method, index) => explainMethod(method, index, request, headers, scheme, body)),
  };
}

function timesOf(name: string, { values, repeated }: PickedHeaders): number {
  return repeated?.get(name)?.length ?? (values.has(name) ? 1 : 0);
}

function explainMethod(
  method: SignatureMethod,
  index: number,
  request: InboundRequest,
  headers: PickedHeaders,
  scheme: CompiledScheme,
  body: unknown,
): MethodExplanation {
  const keys = request.keys.flatMap(({ keys }, secret) =>
    keys[index] === undefined ? [] : [{ secret, key: keys[index] }],
  );
  const readFrom = method.pointer === undefined ? method.headers : [`body /${method.pointer.join("/")}`];
  const start = {
    algorithm: method.algorithm,
    readFrom,
    secrets: keys.length,
    timestamp: undefined,
    signed: undefined,
  };
  const texts = signatureTexts(method, headers.values, () => body);
  if (keys.length === 0 || texts.length === 0)
    return { ...start, reason: keys.length === 0 ? "no_live_secret" : "missing_signature", comparisons: [] };
  const signatures = readSignatures(method, texts);
  if (typeof signatures === "string") return { ...start, reason: signatures, comparisons: [] };

  const timestamp = explainTimestamp(method, request, headers, signatures.fields, body);
  const lenient = { ...request, toleranceSeconds: anyToleranceSeconds };
  const ids = scheme.deliveryId?.headers ?? [];
  const content = signedContent(lenient, method, headers.values, signatures.fields, ids);
  if (typeof content === "string") return { ...start, timestamp, reason: content, comparisons: [] };
  const comparisons = keys.flatMap(({ secret, key }) =>
    signatures.candidates.map((candidate, signature) => ({
      secret,
      signature,
      matches: anySignatureMatches(method, key, [candidate], content, request.rawBody),
    })),
  );
  const isSigned = comparisons.some(({ matches }) => matches);
  // A time in the body is looked at once the body has proved genuine; any other one before.
  const mismatch = isSigned ? undefined : "signature_mismatch";
  const reason =
    method.timestamp?.pointer === undefined ? (timestamp?.problem ?? mismatch) : (mismatch ?? timestamp?.problem);
  return { ...start, timestamp, signed: seen(method, content, request.rawBody), reason, comparisons };
}

function explainTimestamp(
  { timestamp }: SignatureMethod,
  request: InboundRequest,
  headers: PickedHeaders,
  fields: ReadonlyMap<string, string> | undefined,
  body: unknown,
): SeenTimestamp | undefined {
  if (timestamp === undefined) return undefined;
  const toleranceSeconds = request.toleranceSeconds ?? timestamp.toleranceSeconds;
  const text =
    timestamp.pointer !== undefined
      ? readPointerText(body, timestamp.pointer)
      : timestamp.header !== undefined
        ? headers.values.get(timestamp.header)
        : fields?.get(timestamp.field ?? "");
  const atMs =
    timestamp.unit === "rfc3339" ? Date.parse(text ?? "") : Number(text) * (timestamp.unit === "seconds" ? 1000 : 1);
  const isTime = timestampProblem(text, timestamp, request.nowMs, anyToleranceSeconds) === undefined;
  return {
    text: text?.slice(0, 100),
    skewSeconds: isTime ? Math.round((atMs - request.nowMs) / 1000) : undefined,
    toleranceSeconds,
    problem: timestampProblem(text, timestamp, request.nowMs, toleranceSeconds),
  };
}

/** Nothing is signed where the secret itself is sent. */
function seen({ algorithm }: SignatureMethod, content: SignedContent, rawBody: Buffer): SeenContent | undefined {
  if (algorithm === "static") return undefined;
  const bytes = Buffer.concat([Buffer.from(content.before, "latin1"), rawBody, Buffer.from(content.after, "latin1")]);
  return {
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    start: bytes.toString("utf8", 0, startBytes),
    startHex: bytes.toString("hex", 0, startHexBytes),
    end: bytes.toString("utf8", Math.max(0, bytes.length - endBytes)),
  };
}
