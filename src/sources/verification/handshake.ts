import { createHash, timingSafeEqual } from "node:crypto";
import { parsePointer, readPointer, readPointerText } from "./json-pointer.ts";
import type { PointerPath } from "./json-pointer.ts";
import type { KeyMaterial } from "./key-material.ts";
import type { AnswerPartShape, HandshakeShape } from "./scheme-shape.ts";

type AnswerPart =
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "pointer" | "hmac"; readonly path: PointerPath }
  | { readonly kind: "query"; readonly name: string };

/** A question of a provider that is answered instead of storing an event, ready for the hot path. */
export interface Handshake {
  readonly request: "signed" | "unsigned" | "get";
  readonly place:
    | { readonly kind: "pointer"; readonly path: PointerPath }
    | { readonly kind: "header" | "query"; readonly name: string };
  readonly equals: string | number | boolean | undefined;
  readonly exists: boolean | undefined;
  readonly equalsSecret: string | undefined;
  readonly status: number;
  readonly text: AnswerPart | undefined;
  readonly json: readonly (readonly [string, AnswerPart])[] | undefined;
}

/** The answer that the provider waits for. A challenge is the sender's text: send it with `X-Content-Type-Options: nosniff`. */
export interface HandshakeResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What a handshake is matched and answered with. */
interface HandshakeInput {
  readonly body: unknown;
  readonly headers: ReadonlyMap<string, string>;
  readonly query?: URLSearchParams;
  readonly secrets: readonly KeyMaterial[];
  /** Signs a text as the scheme signs, with the secret that verified the request; undefined when none did, or could. */
  readonly sign?: ((text: string) => string) | undefined;
}

/** Challenges have at most a few hundred characters; without a bound, the hub would echo a whole body. */
const maxChallengeLength = 4096;

export function compileHandshake({ request, match, respond }: HandshakeShape): Handshake {
  return {
    request: request ?? "signed",
    place: compilePlace(match),
    equals: match.equals,
    exists: match.exists,
    equalsSecret: match.equalsSecret,
    status: respond.status ?? 200,
    text: respond.text === undefined ? undefined : compilePart(respond.text),
    json: respond.json && Object.entries(respond.json).map(([key, part]) => [key, compilePart(part)] as const),
  };
}

/** The answer to the first handshake that matches, `"bad_handshake"` when that one lacks what to answer, undefined when none matches. */
export function answerHandshake(
  handshakes: readonly Handshake[],
  request: Handshake["request"],
  input: HandshakeInput,
): HandshakeResponse | "bad_handshake" | undefined {
  const handshake = handshakes.find((candidate) => candidate.request === request && doesMatch(candidate, input));
  if (handshake === undefined) return undefined;
  const { status, text, json } = handshake;
  if (json !== undefined) {
    const entries = json.map(([key, part]) => [key, readPart(part, input)] as const);
    if (entries.some(([, value]) => value === undefined)) return "bad_handshake";
    return { status, contentType: "application/json", body: JSON.stringify(Object.fromEntries(entries)) };
  }
  const body = text === undefined ? "" : readPart(text, input);
  return body === undefined
    ? "bad_handshake"
    : { status, contentType: "text/plain; charset=utf-8", body: String(body) };
}

function compilePlace(match: HandshakeShape["match"]): Handshake["place"] {
  if (match.header !== undefined) return { kind: "header", name: match.header.toLowerCase() };
  if (match.query !== undefined) return { kind: "query", name: match.query };
  return { kind: "pointer", path: parsePointer(match.pointer ?? "/") };
}

function compilePart(part: AnswerPartShape | string | number | boolean): AnswerPart {
  if (typeof part !== "object") return { kind: "literal", value: part };
  if ("query" in part) return { kind: "query", name: part.query };
  if ("hmac" in part) return { kind: "hmac", path: parsePointer(part.hmac) };
  return { kind: "pointer", path: parsePointer(part.pointer) };
}

function doesMatch({ place, equals, exists, equalsSecret }: Handshake, input: HandshakeInput): boolean {
  const found = readPlace(place, input);
  if (exists !== undefined) return (found !== undefined) === exists;
  if (equals !== undefined) return found === equals;
  return typeof found === "string" && equalsSecret !== undefined && isSecret(found, equalsSecret, input.secrets);
}

function readPlace(place: Handshake["place"], input: HandshakeInput): unknown {
  if (place.kind === "pointer") return readPointer(input.body, place.path);
  return place.kind === "header" ? input.headers.get(place.name) : (input.query?.get(place.name) ?? undefined);
}

function isSecret(text: string, prefix: string, secrets: readonly KeyMaterial[]): boolean {
  const digest = createHash("sha256").update(text, "utf8").digest();
  let matches = 0;
  for (const { handshakeSecret } of secrets) {
    if (handshakeSecret?.prefix === prefix) matches |= Number(timingSafeEqual(digest, handshakeSecret.digest));
  }
  return matches !== 0;
}

function readPart(part: AnswerPart, input: HandshakeInput): string | number | boolean | undefined {
  if (part.kind === "literal") return part.value;
  const text = part.kind === "query" ? input.query?.get(part.name) : readPointerText(input.body, part.path);
  if (text === undefined || text === null || text.length > maxChallengeLength) return undefined;
  return part.kind === "hmac" ? input.sign?.(text) : text;
}
