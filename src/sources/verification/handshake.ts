import { compileAnswer, renderAnswer } from "./answer.ts";
import type { Answer, AnswerInput, AnswerResponse } from "./answer.ts";
import { doAllHold } from "./condition.ts";
import { parsePointer, readPointerText } from "./json-pointer.ts";
import type { PointerPath } from "./json-pointer.ts";
import type { HandshakeShape } from "./scheme-shape.ts";

/** A question of a provider that is answered instead of storing an event, ready for the hot path. */
export interface Handshake extends Answer {
  readonly request: "signed" | "unsigned" | "get";
  readonly secretFrom: PointerPath | undefined;
}

/** The answer that the provider waits for. */
export interface HandshakeResponse extends AnswerResponse {
  /** The secret that the provider hands over with its question: seal it, and never log it. */
  readonly secret?: string;
  /** Headers of the answer, for providers that are answered in one. */
  readonly headers?: Readonly<Record<string, string>>;
  /** On one of the provider's own hosts: call it (GET) before answering, which is how this provider wants its question answered. */
  readonly confirmUrl?: string;
}

export function compileHandshake({ request, match, secretFrom, respond }: HandshakeShape): Handshake {
  return {
    ...compileAnswer({ match, respond }),
    request: request ?? "signed",
    secretFrom: secretFrom === undefined ? undefined : parsePointer(secretFrom),
  };
}

/** The answer to the first handshake that matches, `"bad_handshake"` when that one lacks what to answer, undefined when none matches. */
export function answerHandshake(
  handshakes: readonly Handshake[],
  request: Handshake["request"],
  input: AnswerInput,
): HandshakeResponse | "bad_handshake" | undefined {
  const handshake = handshakes.find(
    (candidate) => candidate.request === request && doAllHold(candidate.conditions, input),
  );
  if (handshake === undefined) return undefined;
  const response = renderAnswer(handshake, input);
  if (response === undefined || handshake.secretFrom === undefined) return response ?? "bad_handshake";
  const secret = readPointerText(input.body, handshake.secretFrom);
  return secret === undefined ? "bad_handshake" : { ...response, secret };
}
