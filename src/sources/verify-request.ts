import { createHmac } from "node:crypto";
import type { X509Certificate } from "node:crypto";
import type { CompiledScheme } from "./compile-scheme.ts";
import { mediaTypeOf, parseBody } from "../lib/parse-body.ts";
import type { ParsedBody } from "../lib/parse-body.ts";
import { authenticateByCode, readCodeRequest } from "./verification/authenticate-by-code.ts";
import { authenticate, repeatProblem } from "./verification/authenticate.ts";
import type { Authenticated } from "./verification/authenticate.ts";
import { answerOf } from "./verification/answer.ts";
import type { AnswerResponse } from "./verification/answer.ts";
import type { NeedsCertificate } from "./verification/code-verifier.ts";
import { answerHandshake } from "./verification/handshake.ts";
import type { HandshakeResponse } from "./verification/handshake.ts";
import { readPointerText } from "./verification/json-pointer.ts";
import type { KeyMaterial } from "./verification/key-material.ts";
import { pickHeaders } from "./verification/pick-headers.ts";
import type { PickedHeaders, RawHeaders } from "./verification/pick-headers.ts";
import { readContentType, readDelivery } from "./verification/read-delivery.ts";
import type { Delivery } from "./verification/read-delivery.ts";
import { reject } from "./verification/rejection.ts";
import type { Rejection, RejectionReason } from "./verification/rejection.ts";
import type { SignedRequest } from "./verification/signed-content.ts";
import { timestampProblem } from "./verification/signed-timestamp.ts";

/** An inbound request, as it came over the wire, and what its source knows. */
export interface InboundRequest extends SignedRequest {
  readonly headers: RawHeaders;
  /** The source's live secrets. */
  readonly keys: readonly KeyMaterial[];
  /** What stands after `?` in the requested URL; handshakes read it, and providers that sign it. */
  readonly query?: string | undefined;
  /** A certificate that has been fetched already, for providers that sign with one. */
  readonly certificateOf?: (url: string) => X509Certificate | undefined;
}

/** A request that its source's provider, or whoever else has its secret, did send. */
export interface VerifiedRequest extends Delivery {
  readonly ok: true;
  /** The body as the event document shows it; see `parseBody`. */
  readonly body: unknown;
  /** Set when the request is a question: answer with this and store nothing. */
  readonly handshake: HandshakeResponse | undefined;
  /** What the provider must be answered with once the event is stored; undefined: anything will do. */
  readonly answer: AnswerResponse | undefined;
}

/** Decides at once, with the certificates that there are; `verifyInbound` fetches what is missing. */
export function verifyRequest(request: InboundRequest, scheme: CompiledScheme): VerifiedRequest | Rejection {
  const decision = decideRequest(request, scheme);
  return "needs" in decision ? reject("bad_certificate") : decision;
}

/**
 * Decides whether an inbound request is what its source's scheme demands, or says what has to be fetched first: pure, never throws, never
 * parses what it has not verified (but for providers that put their signature or their secret in the body, and handshakes that come
 * before there is a secret).
 */
export function decideRequest(
  request: InboundRequest,
  scheme: CompiledScheme,
): VerifiedRequest | Rejection | NeedsCertificate {
  const headers = pickHeaders(request.headers, scheme.wantedHeaders);
  if (request.method === "GET") return verifyQuestion(request, headers, scheme);
  const contentType = readContentType(headers.values);
  let parsed: ParsedBody | undefined;
  const parse = () => (parsed ??= parseBody(request.rawBody, contentType));
  const readBody = () => {
    const body = parse();
    return body.ok ? body.value : undefined;
  };
  const repeated = repeatProblem(headers, scheme);
  if (repeated !== undefined) return reject(repeated);
  const { verifier } = scheme;
  const code = verifier && { verifier, request: readCodeRequest(request, headers, parse) };
  const authenticated =
    code === undefined
      ? authenticate(request, request.keys, headers, scheme, readBody)
      : authenticateByCode(code.verifier, code.request, request.keys);
  if (typeof authenticated === "string") {
    const question = code && introduces(authenticated) ? code.verifier.question?.(code.request) : undefined;
    if (question !== undefined) return answered(request, undefined, headers, scheme, question);
    return refuseOrIntroduce(authenticated, request, headers, scheme, readBody);
  }
  if ("needs" in authenticated) return authenticated;

  const body = parse();
  if (!body.ok) return reject(body.reason);
  const problem = formatProblem(body.kind, contentType, scheme) ?? staleness(body.value, request, authenticated);
  if (problem !== undefined) return reject(problem);
  const input = {
    body: body.value,
    headers: headers.values,
    secrets: request.keys,
    sign: signerOf(authenticated),
  };
  const handshake = verifier?.handshake?.(body.value) ?? answerHandshake(scheme.handshakes, "signed", input);
  if (handshake === "bad_handshake") return reject(handshake);
  const answer = verifier?.answer ?? answerOf(scheme.answers, input);
  const delivery = readDelivery(request.rawBody, body.value, headers, scheme, request.nowMs);
  return { ok: true, ...delivery, body: body.value, handshake, answer };
}

/** A GET, which no provider sends but to ask whether this URL is ours. */
function verifyQuestion(
  request: InboundRequest,
  headers: PickedHeaders,
  scheme: CompiledScheme,
): VerifiedRequest | Rejection {
  const handshake = answerHandshake(scheme.handshakes, "get", {
    body: undefined,
    headers: headers.values,
    query: new URLSearchParams(request.query),
    secrets: request.keys,
  });
  if (handshake === undefined || handshake === "bad_handshake") return reject(handshake ?? "no_handshake");
  return answered(request, undefined, headers, scheme, handshake);
}

/** Some providers hand over their secret in a first POST, which therefore is not signed yet (Notion's verification_token). */
function refuseOrIntroduce(
  reason: RejectionReason,
  request: InboundRequest,
  headers: PickedHeaders,
  scheme: CompiledScheme,
  readBody: () => unknown,
): VerifiedRequest | Rejection {
  if (!introduces(reason)) return reject(reason);
  if (!scheme.handshakes.some((handshake) => handshake.request === "unsigned")) return reject(reason);
  const body = readBody();
  const handshake = answerHandshake(scheme.handshakes, "unsigned", {
    body,
    headers: headers.values,
    secrets: request.keys,
  });
  if (handshake === undefined || handshake === "bad_handshake") return reject(reason);
  return answered(request, body, headers, scheme, handshake);
}

/** Whether this is what a request lacks that comes before there is a secret. */
function introduces(reason: RejectionReason): boolean {
  return reason === "missing_signature" || reason === "no_live_secret";
}

/** A question that no signature came with: its answer is all that it leads to. */
function answered(
  request: InboundRequest,
  body: unknown,
  headers: PickedHeaders,
  scheme: CompiledScheme,
  handshake: HandshakeResponse,
): VerifiedRequest {
  const delivery = readDelivery(request.rawBody, body, headers, scheme, request.nowMs);
  return { ok: true, ...delivery, body, handshake, answer: undefined };
}

/** A text that says so is no JSON gone wrong: it was signed, and is kept as a text. */
function formatProblem(
  kind: "json" | "form" | "text",
  contentType: string | undefined,
  { body }: CompiledScheme,
): RejectionReason | undefined {
  if (body === undefined || (kind !== "text" && body.includes(kind))) return undefined;
  if (kind === "text" && mediaTypeOf(contentType).startsWith("text/")) return undefined;
  return body.includes("json") ? "not_json" : "not_form";
}

/** A timestamp that stands in the body could be read only now. */
function staleness(
  body: unknown,
  request: InboundRequest,
  { method }: Partial<Authenticated>,
): RejectionReason | undefined {
  const timestamp = method?.timestamp;
  if (timestamp?.pointer === undefined) return undefined;
  const tolerance = request.toleranceSeconds ?? timestamp.toleranceSeconds;
  return timestampProblem(readPointerText(body, timestamp.pointer), timestamp, request.nowMs, tolerance);
}

function signerOf({ method, key }: Partial<Authenticated>): ((text: string) => string) | undefined {
  const { hmacHash, encoding } = method ?? {};
  if (key === undefined || encoding === undefined) return undefined;
  if (hmacHash === undefined || encoding === "plain") return undefined;
  return (text) => createHmac(hmacHash, key).update(text, "utf8").digest(encoding);
}
