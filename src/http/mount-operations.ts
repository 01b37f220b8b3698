import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { z } from "zod";
import type { Context } from "../access/context.ts";
import { parseInput } from "../lib/parse-input.ts";
import type { Services } from "../platform/services.ts";
import type { Authentication } from "./authenticate.ts";
import { checkContentType } from "./check-content-type.ts";
import { runIdempotently } from "./idempotency.ts";
import { namePath } from "./name-path.ts";
import type { Answer, Operation, OperationInput } from "./operation.ts";
import { parseJsonBody } from "./parse-json-body.ts";
import { problemOf } from "./problem.ts";
import { rejectUnstorable } from "./reject-unstorable.ts";
import { stateOf } from "./request-state.ts";
import { sendAnswer } from "./send-answer.ts";

/** What operations run with. */
export interface OperationHost {
  readonly services: Services;
  readonly authentication: Authentication;
  /** The signal of a request: aborts when its client goes away or the hub stops. */
  readonly signalOf: (response: Response) => AbortSignal;
}

const noFields = z.strictObject({});
// Clients that always send a body send `{}` where none is asked for.
const noBody = noFields.optional();

function bytesOf(request: Request): Buffer {
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function readBody({ bodyKind, body, freeFields }: Operation, bytes: Buffer): unknown {
  if (typeof bodyKind === "object") return body === undefined ? bytes : parseInput(body, bytes);
  const value = parseJsonBody(bytes);
  rejectUnstorable(value, freeFields);
  return parseInput(body ?? noBody, value);
}

function readInput(
  operation: Operation,
  request: Request,
  response: Response,
  host: OperationHost,
): OperationInput<unknown, unknown, unknown> {
  rejectUnstorable(request.params);
  rejectUnstorable(request.query);
  const takesBody = operation.method !== "get" && operation.method !== "delete";
  return {
    params: parseInput(operation.params ?? noFields, request.params),
    query: parseInput(operation.query ?? noFields, request.query),
    body: takesBody ? readBody(operation, bytesOf(request)) : undefined,
    request,
    // Few calls wait, and making a signal for each would cost the others.
    get signal() {
      return host.signalOf(response);
    },
  };
}

// A refusal is an answer, which an Idempotency-Key repeats; what is our fault is thrown, and nothing of it is kept.
async function answerOf(
  operation: Operation,
  ctx: Context,
  input: OperationInput<unknown, unknown, unknown>,
  response: Response,
): Promise<Answer> {
  try {
    return await operation.handle(ctx, input);
  } catch (error) {
    const state = stateOf(response);
    const { answer, code } = problemOf(error, state.requestId);
    if (answer.status >= 500) throw error;
    state.code = code;
    return answer;
  }
}

function handlerOf(operation: Operation, host: OperationHost): RequestHandler {
  return async (request, response) => {
    const { actor } = stateOf(response);
    if (actor === undefined) throw new Error("An operation was reached without authentication");
    const input = readInput(operation, request, response, host);
    const ctx: Context = { ...host.services, actor };
    const run = (): Promise<Answer> => answerOf(operation, ctx, input, response);
    const isPost = operation.method === "post";
    sendAnswer(response, isPost ? await runIdempotently(ctx, request, bytesOf(request), run) : await run());
  };
}

function bodyReadersOf({ method, bodyKind }: Operation, jsonLimitBytes: number): RequestHandler[] {
  if (method === "get" || method === "delete") return [];
  const { raw, limitBytes } =
    typeof bodyKind === "object" ? bodyKind : { raw: ["application/json"], limitBytes: jsonLimitBytes };
  // Express' JSON parser decodes leniently; ours wants the bytes, and so does the hash of an Idempotency-Key.
  return [checkContentType(raw), express.raw({ type: () => true, limit: limitBytes, inflate: false })];
}

// `/agents/import` before `/agents/{name}`, which would match it too.
function byPrecedence(one: Operation, other: Operation): number {
  const [first, second] = [one, other].map(({ path }) => path.replaceAll("{", "\uffff"));
  if (first === undefined || second === undefined || first === second) return 0;
  return first < second ? -1 : 1;
}

/**
 * Mounts operations on a router. A request passes, in this order: credential (401), rate (429), content type (415), size
 * (413), UTF-8 and JSON (400), schemas (422), Idempotency-Key (409); then the operation is called and answers.
 */
export function mountOperations(router: Router, operations: readonly Operation[], host: OperationHost): void {
  const jsonLimitBytes = host.services.settings.api.bodyLimitBytes;
  for (const operation of operations.toSorted(byPrecedence)) {
    router[operation.method](
      operation.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      namePath(operation.path),
      host.authentication.requireBearer,
      host.authentication.limitRate,
      ...bodyReadersOf(operation, jsonLimitBytes),
      handlerOf(operation, host),
    );
  }
}
