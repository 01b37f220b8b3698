import { A2A_VERSION_HEADER } from "@a2a-js/sdk";
import { isV1JsonRpcMethod } from "@a2a-js/sdk/compat/v0_3";
import { LegacyJsonRpcTransportHandler } from "@a2a-js/sdk/compat/v0_3/server";
import { A2A_ERROR_CODE, toJsonRpcError } from "@a2a-js/sdk/errors";
import {
  type A2ARequestHandler,
  JsonRpcTransportHandler,
  ServerCallContext,
  validateVersion,
} from "@a2a-js/sdk/server";
import type { Request, RequestHandler, Response } from "express";
import { MalformedError } from "../../lib/errors.ts";
import { parseJsonBody } from "../parse-json-body.ts";
import { stateOf } from "../request-state.ts";
import { sendAnswer } from "../send-answer.ts";
import type { A2aCaller } from "./caller.ts";
import { keepAlive } from "./keep-alive.ts";

const legacyVersion = "0.3";
const currentVersion = "1.0";

type RpcCall = Record<string, unknown>;

interface RpcAnswer {
  readonly jsonrpc: "2.0";
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

function refusal(id: unknown, code: number, message: string): RpcAnswer {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

// A header that is missing means 0.3 (A2A 1.0 §3.6.2); but a method that only 1.0 has leaves no doubt.
function versionOf(request: Request, method: unknown): string {
  const asked = request.get(A2A_VERSION_HEADER)?.trim() ?? "";
  if (asked !== "") return asked;
  return isV1JsonRpcMethod(method) ? currentVersion : legacyVersion;
}

function isStream(answer: object): answer is AsyncGenerator<RpcAnswer> {
  return Symbol.asyncIterator in answer;
}

async function sendStream(response: Response, id: unknown, stream: AsyncGenerator<RpcAnswer>): Promise<void> {
  // What is refused before there is anything to tell is an answer like any other.
  let next: IteratorResult<RpcAnswer, unknown>;
  try {
    next = await stream.next();
  } catch (error) {
    sendAnswer(response, { status: 200, body: { jsonrpc: "2.0", id, error: toJsonRpcError(error) } });
    return;
  }
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  keepAlive(response);
  for (; next.done !== true; next = await stream.next()) response.write(`data: ${JSON.stringify(next.value)}\n\n`);
  response.end();
}

/**
 * A2A over JSON-RPC, 1.0 and 0.3. Not the SDK's own middleware: that one reads bodies with limits of its own, and prints
 * what goes wrong to the console.
 */
export function jsonRpcCalls(
  handler: A2ARequestHandler,
  callerFor: (request: Request, response: Response) => A2aCaller,
): RequestHandler {
  const current = new JsonRpcTransportHandler(handler);
  const legacy = new LegacyJsonRpcTransportHandler(handler);

  async function answer(request: Request, response: Response, call: RpcCall, id: unknown): Promise<object> {
    const requestedVersion = versionOf(request, call["method"]);
    try {
      validateVersion(requestedVersion, await handler.getAgentCard(), "JSONRPC");
    } catch (error) {
      return { jsonrpc: "2.0", id, error: toJsonRpcError(error) };
    }
    const context = new ServerCallContext({ user: callerFor(request, response), requestedVersion });
    return await (requestedVersion === legacyVersion ? legacy : current).handle(call, context);
  }

  return async (request, response) => {
    let body: unknown;
    try {
      body = parseJsonBody(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      sendAnswer(response, { status: 200, body: refusal(null, A2A_ERROR_CODE.PARSE_ERROR, error.message) });
      return;
    }
    const isCall = typeof body === "object" && body !== null && !Array.isArray(body);
    const call: RpcCall = isCall ? (body as RpcCall) : {};
    const id = typeof call["id"] === "string" || typeof call["id"] === "number" ? call["id"] : null;
    const result = isCall
      ? await answer(request, response, call, id)
      : refusal(id, A2A_ERROR_CODE.INVALID_REQUEST, "The body must be one JSON-RPC request");
    if (isStream(result)) {
      await sendStream(response, id, result);
      return;
    }
    const { error } = result as RpcAnswer;
    // Where nothing of ours has failed, it was the SDK that could not read what was sent.
    const isUnread = error?.code === A2A_ERROR_CODE.INTERNAL_ERROR && stateOf(response).failure === undefined;
    const told = isUnread ? refusal(id, A2A_ERROR_CODE.INVALID_PARAMS, "The parameters cannot be read") : result;
    sendAnswer(response, { status: 200, body: told });
  };
}
