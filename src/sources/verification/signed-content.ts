import type { RejectionReason } from "./rejection.ts";
import { byteString } from "./signature-method.ts";
import type { SignatureMethod, SignedPart } from "./signature-method.ts";
import { timestampProblem } from "./signed-timestamp.ts";

/** What signatures are checked against. */
export interface SignedRequest {
  readonly rawBody: Buffer;
  /** The request's method, which a few providers sign. */
  readonly method: string;
  /** The source's configured public URL, never one put together from Host or X-Forwarded-Host. */
  readonly url: string;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** The source's own tolerance instead of the scheme's. */
  readonly toleranceSeconds?: number | undefined;
}

/** What is signed around the body, as byte strings. */
export interface SignedContent {
  readonly before: string;
  readonly after: string;
}

type Texts = ReadonlyMap<string, string> | undefined;

/** A signed text must be readable in one way only: `id=a, body=5.hello` signs the same bytes as `id=a.5, body=hello`. */
const signedText = /^[^\s\p{Cc}]{1,256}$/u;

/**
 * Puts the signed content together from the tokens of the method. Tokens, not `String.replace`: `$&` in a value would corrupt it.
 *
 * @param fields the fields of the signature header
 * @param idHeaders where the delivery id stands, in lower case
 */
export function signedContent(
  request: SignedRequest,
  method: SignatureMethod,
  headers: Texts,
  fields: Texts,
  idHeaders: readonly string[],
): SignedContent | RejectionReason {
  const { timestamp } = method;
  let timestampText: string | undefined;
  if (timestamp !== undefined && timestamp.pointer === undefined) {
    timestampText =
      timestamp.header === undefined ? fields?.get(timestamp.field ?? "") : headers?.get(timestamp.header);
    const tolerance = request.toleranceSeconds ?? timestamp.toleranceSeconds;
    const problem = timestampProblem(timestampText, timestamp, request.nowMs, tolerance);
    if (problem !== undefined) return problem;
  }
  for (const part of method.variableParts) {
    const text = (part.kind === "header" ? headers : fields)?.get(part.name);
    if (text !== undefined && signedText.test(text) && !(part.delimiter !== undefined && text.includes(part.delimiter)))
      continue;
    return part.kind === "header" && idHeaders.includes(part.name) ? "bad_id" : "bad_signed_value";
  }
  const join = (parts: readonly SignedPart[]): string => {
    let joined = "";
    for (const part of parts) joined += textOf(part, request, headers, fields, timestampText);
    return joined;
  };
  return { before: join(method.before), after: join(method.after) };
}

function textOf(
  part: SignedPart,
  request: SignedRequest,
  headers: Texts,
  fields: Texts,
  timestampText: string | undefined,
): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "header":
      return headers?.get(part.name) ?? "";
    case "field":
      return fields?.get(part.name) ?? "";
    case "timestamp":
      return timestampText ?? "";
    case "method":
      return request.method;
    case "url":
      return byteString(request.url);
  }
}
