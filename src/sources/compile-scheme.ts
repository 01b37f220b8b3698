import { originHeader } from "../lib/origin-marker.ts";
import type { VerificationScheme } from "./verification-scheme.ts";
import type { Provider } from "./providers/provider.ts";
import { compileAnswers } from "./verification/answer.ts";
import type { Answer } from "./verification/answer.ts";
import { compileBatch } from "./verification/batch.ts";
import type { Batch } from "./verification/batch.ts";
import type { CodeVerifier, EventShape } from "./verification/code-verifier.ts";
import { compileEventValue } from "./verification/event-value.ts";
import type { EventValue } from "./verification/event-value.ts";
import { compileHandshake } from "./verification/handshake.ts";
import type { Handshake } from "./verification/handshake.ts";
import { listOf } from "./verification/scheme-shape.ts";
import { compileMethod } from "./verification/signature-method.ts";
import type { SignatureMethod } from "./verification/signature-method.ts";

/** A scheme made ready for the hot path: names in lower case, pointers cut up, defaults filled in. Immutable. */
export interface CompiledScheme {
  readonly methods: readonly SignatureMethod[];
  /** What verifies instead of methods, where the provider has one. */
  readonly verifier: CodeVerifier | undefined;
  readonly signatureHeaders: ReadonlySet<string>;
  /** Every header that is read at all. */
  readonly wantedHeaders: ReadonlySet<string>;
  /** Headers that must not be repeated: all that are read, except those that are only kept. */
  readonly singleHeaders: ReadonlySet<string>;
  readonly keepHeaders: readonly string[];
  /** What the provider sends; undefined: anything. */
  readonly body: readonly ("json" | "form")[] | undefined;
  readonly deliveryId: EventValue | undefined;
  /** How long the hash of a body tells a repeat, where it stands for the delivery id; undefined: always. */
  readonly repeatWindowSeconds: number | undefined;
  readonly eventType: EventValue | undefined;
  /** Where the events stand of a provider that sends several at once. */
  readonly batch: Batch | undefined;
  readonly handshakes: readonly Handshake[];
  /** What this provider must be answered with for an event; none: anything will do. */
  readonly answers: readonly Answer[];
  /** Whether this provider asks something with GET; every other source answers GET with 405. */
  readonly answersGet: boolean;
}

const defaultKeepHeaders = ["content-type", "user-agent"];

/** Prepares a valid scheme once, so that a request costs no preparation. */
export function compileScheme(scheme: VerificationScheme): CompiledScheme {
  const methods = [scheme, ...(scheme.alternatives ?? [])].map(compileMethod);
  const signedHeaders = methods.flatMap(({ variableParts, timestamp }) => [
    ...variableParts.flatMap((part) => (part.kind === "header" ? [part.name] : [])),
    ...(timestamp?.header === undefined ? [] : [timestamp.header]),
  ]);
  const signatureHeaders = new Set(methods.flatMap((method) => method.headers));
  return {
    ...compileEvent(scheme, [...signatureHeaders, ...signedHeaders]),
    methods,
    verifier: undefined,
    signatureHeaders,
  };
}

/** The scheme of a provider of the catalogue; undefined for `custom`, whose sources bring their own. */
export function compileProvider({ scheme, verifier }: Provider): CompiledScheme | undefined {
  if (verifier === undefined) return scheme && compileScheme(scheme);
  const signatureHeaders = new Set(verifier.headers);
  return { ...compileEvent(verifier.event, verifier.headers), methods: [], verifier, signatureHeaders };
}

/** @param readHeaders those that the way of signing reads, in lower case */
function compileEvent(
  scheme: EventShape,
  readHeaders: readonly string[],
): Omit<CompiledScheme, "methods" | "verifier" | "signatureHeaders"> {
  const handshakes = listOf(scheme.handshake).map(compileHandshake);
  const deliveryId = compileEventValue(scheme.deliveryId);
  const eventType = compileEventValue(scheme.eventType);
  const batch = compileBatch(scheme.batch);
  const answers = compileAnswers(scheme.answer);
  // The hub's own is kept whoever sends it: a subscriber may pass on what the hub delivered.
  const keepHeaders = [...(scheme.keepHeaders ?? defaultKeepHeaders).map((name) => name.toLowerCase()), originHeader];
  const singleHeaders = new Set([
    ...readHeaders,
    ...(deliveryId?.headers ?? []),
    ...(eventType?.headers ?? []),
    ...(batch?.deliveryId?.headers ?? []),
    ...(batch?.eventType?.headers ?? []),
    ...[...handshakes, ...answers].flatMap(({ conditions }) =>
      conditions.flatMap(({ place }) => (place.kind === "header" ? [place.name] : [])),
    ),
  ]);
  return {
    wantedHeaders: new Set([...singleHeaders, ...keepHeaders, "content-type"]),
    singleHeaders,
    keepHeaders,
    body: scheme.body === undefined ? undefined : listOf(scheme.body),
    deliveryId,
    repeatWindowSeconds: scheme.repeatWindowSeconds,
    eventType,
    batch,
    handshakes,
    answers,
    answersGet: handshakes.some((handshake) => handshake.request === "get"),
  };
}
