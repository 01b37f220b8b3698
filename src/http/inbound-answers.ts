import type { Response } from "express";
import type { SourceRecord } from "../sources/source-cache.ts";
import type { AnswerResponse } from "../sources/verification/answer.ts";
import type { HandshakeResponse } from "../sources/verification/handshake.ts";
import type { Rejection } from "../sources/verification/rejection.ts";
import { problemType } from "./problem.ts";
import { sendAnswer } from "./send-answer.ts";

const textType = "text/plain; charset=utf-8";
// What a source's owner wrote, or the sender of a challenge, is no page, whatever it looks like.
const plain = { "X-Content-Type-Options": "nosniff" };

/** The answer to a delivery that is stored: as its source's owner wrote it, as its provider demands it, or the hub's own. */
export function sendStored(
  response: Response,
  source: SourceRecord,
  stored: { readonly eventId: string; readonly duplicate: boolean },
  demanded: AnswerResponse | undefined,
): void {
  // An owner who only sets the status still answers with what the provider cannot do without.
  const { status = 200, body, contentType = textType } = { ...demanded, ...source.response };
  if (body === undefined && !isEmpty(status)) sendAnswer(response, { status, body: stored });
  else sendAsAsked(response, { status, body: body ?? "", contentType });
}

/** An answer that the hub did not think of itself, such as a challenge. */
export function sendAsAsked(response: Response, asked: AnswerResponse & Pick<HandshakeResponse, "headers">): void {
  const { status, contentType, body, headers = {} } = asked;
  if (isEmpty(status)) sendAnswer(response, { status, headers });
  else sendAnswer(response, { status, body: Buffer.from(body), contentType, headers: { ...headers, ...plain } });
}

// RFC 9110 §15.3.5 and §15.3.6: these have no body, and no length of it.
function isEmpty(status: number): boolean {
  return status === 204 || status === 205;
}

/** The answer to what does not verify, or verifies and is malformed. It never says which check failed. */
export function sendRejection(response: Response, { status }: Pick<Rejection, "status">): void {
  if (status === 401) sendProblem(response, { status, title: "Unauthorized", code: "unverified" });
  else sendProblem(response, { status, title: "Bad Request", code: "malformed" });
}

/** 405 with the methods that this source answers. */
export function sendMethodNotAllowed(response: Response, { scheme }: SourceRecord): void {
  const problem = { status: 405, title: "Method Not Allowed", code: "method_not_allowed" };
  sendProblem(response, problem, { Allow: scheme.answersGet ? "GET, POST" : "POST" });
}

function sendProblem(
  response: Response,
  problem: { readonly status: number; readonly title: string; readonly code: string },
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = { type: "about:blank", ...problem };
  sendAnswer(response, { status: problem.status, body, contentType: problemType, headers });
}
