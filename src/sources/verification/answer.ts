import { compileConditions, doAllHold } from "./condition.ts";
import type { Condition, ConditionInput } from "./condition.ts";
import { parsePointer, readPointerText } from "./json-pointer.ts";
import type { PointerPath } from "./json-pointer.ts";
import { listOf } from "./scheme-shape.ts";
import type { AnswerPartShape, AnswerShape } from "./scheme-shape.ts";

type AnswerPart =
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "pointer" | "hmac"; readonly path: PointerPath }
  | { readonly kind: "query"; readonly name: string };

/** What a provider waits for, ready for the hot path. */
export interface Answer {
  readonly conditions: readonly Condition[];
  readonly status: number;
  readonly text: AnswerPart | undefined;
  readonly json: readonly (readonly [string, AnswerPart])[] | undefined;
}

/** The same for one request. It may hold the sender's text: send it with `X-Content-Type-Options: nosniff`. */
export interface AnswerResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What an answer is chosen by and put together from. */
export interface AnswerInput extends ConditionInput {
  /** Signs a text as the scheme signs, with the secret that verified the request; undefined when none did, or could. */
  readonly sign?: ((text: string) => string) | undefined;
}

/** Challenges have at most a few hundred characters; without a bound, the hub would echo a whole body. */
const maxChallengeLength = 4096;

export function compileAnswer({ match, respond }: AnswerShape): Answer {
  return {
    conditions: compileConditions(match),
    status: respond.status ?? 200,
    text: respond.text === undefined ? undefined : compilePart(respond.text),
    json: respond.json && Object.entries(respond.json).map(([key, part]) => [key, compilePart(part)] as const),
  };
}

export function compileAnswers(answers: AnswerShape | readonly AnswerShape[] | undefined): readonly Answer[] {
  return listOf(answers).map(compileAnswer);
}

/** The first answer that is meant and has what it is made of; undefined when there is none. */
export function answerOf(answers: readonly Answer[], input: AnswerInput): AnswerResponse | undefined {
  const answer = answers.find(({ conditions }) => doAllHold(conditions, input));
  return answer && renderAnswer(answer, input);
}

/** The answer to a request; undefined when the request lacks a part of it. */
export function renderAnswer({ status, text, json }: Answer, input: AnswerInput): AnswerResponse | undefined {
  if (json !== undefined) {
    const entries = json.map(([key, part]) => [key, readPart(part, input)] as const);
    if (entries.some(([, value]) => value === undefined)) return undefined;
    return { status, contentType: "application/json", body: JSON.stringify(Object.fromEntries(entries)) };
  }
  const body = text === undefined ? "" : readPart(text, input);
  return body === undefined ? undefined : { status, contentType: "text/plain; charset=utf-8", body: String(body) };
}

function compilePart(part: AnswerPartShape | string | number | boolean): AnswerPart {
  if (typeof part !== "object") return { kind: "literal", value: part };
  if ("query" in part) return { kind: "query", name: part.query };
  if ("hmac" in part) return { kind: "hmac", path: parsePointer(part.hmac) };
  return { kind: "pointer", path: parsePointer(part.pointer) };
}

function readPart(part: AnswerPart, input: AnswerInput): string | number | boolean | undefined {
  if (part.kind === "literal") return part.value;
  const text = part.kind === "query" ? input.query?.get(part.name) : readPointerText(input.body, part.path);
  if (text === undefined || text === null || text.length > maxChallengeLength) return undefined;
  return part.kind === "hmac" ? input.sign?.(text) : text;
}
