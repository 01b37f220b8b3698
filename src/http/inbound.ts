import { performance } from "node:perf_hooks";
import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import type { EventAcceptor } from "../events/accept-events.ts";
import { NotFoundError, UnsupportedMediaError } from "../lib/errors.ts";
import { fromWireId, toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import { liveKeys, type SourceCache, type SourceRecord } from "../sources/source-cache.ts";
import { type VerifiedRequest, verifyRequest } from "../sources/verify-request.ts";
import { problemOf } from "./problem.ts";
import { createRateLimit } from "./rate-limit.ts";
import { sendAnswer } from "./send-answer.ts";

/** What the inbound side works with. */
export interface InboundHost {
  readonly services: Services;
  readonly sources: SourceCache;
  readonly acceptor: EventAcceptor;
}

/** What an inbound request's one log line will say. */
interface InboundState {
  startedAtMs: number;
  source?: SourceRecord;
  outcome?: string;
  reason?: string;
  eventId?: string;
  eventType?: string;
  tasks?: number;
  failure?: unknown;
}

const limitWindowSeconds = 10;
// Requests for sources that there are not, per client address: a flood of them must cost nothing, memory included.
const unknownPerSecond = 20;
const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i;
// In each of these, a byte below 0x80 is the ASCII character that it looks like.
const asciiCompatible = /^(utf-?8|us-ascii|ascii|iso-8859-1|latin1|windows-1252)$/i;

function stateOf(response: Response): InboundState {
  return response.locals as InboundState;
}

function unknownSource(): NotFoundError {
  return new NotFoundError("There is no such source.");
}

function sourceOf(response: Response): SourceRecord {
  const { source } = stateOf(response);
  if (source === undefined) throw unknownSource();
  return source;
}

/** The answer to one that is stored: the source's own, or the hub's. */
function sendAccepted(response: Response, source: SourceRecord, eventId: string, duplicate: boolean): void {
  const { status = 200, body, contentType = "text/plain; charset=utf-8" } = source.response ?? {};
  if (body === undefined) sendAnswer(response, { status, body: { eventId, duplicate } });
  else sendAnswer(response, { status, body: Buffer.from(body), contentType });
}

/**
 * The way in for third parties, `POST /in/{sourceId}`: rate, size, then the signature over the raw bytes, and only then
 * anything that reads them. It stands before all middleware of the admin side. The sender never learns which check failed.
 */
export function createInboundRouter({ services, sources, acceptor }: InboundHost): { router: Router; close(): void } {
  const { log, metrics, clock } = services;

  const findSource: RequestHandler = async (request, response, next) => {
    const id = fromWireId("source", String(request.params["sourceId"]));
    const source = id === undefined ? undefined : await sources.get(services.db, id);
    if (source?.enabled === true) stateOf(response).source = source;
    next();
  };

  const rate = createRateLimit({
    windowSeconds: limitWindowSeconds,
    limit: (_request, response) =>
      (stateOf(response).source?.rateLimitPerSecond ?? unknownPerSecond) * limitWindowSeconds,
    keyOf: (request, response) => stateOf(response).source?.id ?? `address ${ipKeyGenerator(request.ip ?? "")}`,
  });

  const parsers = new Map<number, RequestHandler>();
  const readBytes: RequestHandler = (request, response, next) => {
    const limit = sourceOf(response).bodyLimitBytes;
    const encoding = charset.exec(request.headers["content-type"] ?? "")?.[1];
    if (encoding !== undefined && !asciiCompatible.test(encoding))
      throw new UnsupportedMediaError("Send the body in UTF-8");
    let parser = parsers.get(limit);
    if (parser === undefined) {
      parser = express.raw({ type: () => true, limit, inflate: false });
      parsers.set(limit, parser);
    }
    parser(request, response, next);
  };

  const verify = (request: Request, source: SourceRecord, rawBody: Buffer): ReturnType<typeof verifyRequest> => {
    const nowMs = clock.now();
    return verifyRequest(
      {
        rawBody,
        headers: request.rawHeaders,
        method: request.method,
        url: source.url ?? `${services.publicUrl()}/in/${toWireId("source", source.id)}`,
        query: request.url.split("?")[1],
        keys: liveKeys(source, nowMs),
        nowMs,
        toleranceSeconds: source.toleranceSeconds,
      },
      source.scheme,
    );
  };

  // The event that a request carries. Without one, it has been answered: it was not the provider, or it asked something.
  const eventOrAnswer = (
    response: Response,
    verified: ReturnType<typeof verifyRequest>,
  ): VerifiedRequest | undefined => {
    const state = stateOf(response);
    if (!verified.ok) {
      state.outcome = "refused";
      state.reason = verified.reason;
      const body = { type: "about:blank", title: verified.status === 401 ? "Unauthorized" : "Bad Request" };
      sendAnswer(response, {
        status: verified.status,
        body: { ...body, status: verified.status, code: verified.status === 401 ? "unverified" : "malformed" },
        contentType: "application/problem+json",
      });
      return undefined;
    }
    if (verified.handshake === undefined) return verified;
    state.outcome = "handshake";
    const { status, contentType, body } = verified.handshake;
    sendAnswer(response, {
      status,
      body: Buffer.from(body),
      contentType,
      headers: { "X-Content-Type-Options": "nosniff" },
    });
    return undefined;
  };

  const receive: RequestHandler = async (request, response) => {
    const source = sourceOf(response);
    const rawBody: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const verified = eventOrAnswer(response, verify(request, source, rawBody));
    if (verified === undefined) return;
    const { eventId, duplicate, tasks } = await acceptor.accept({ ...verified, source, rawBody });
    const wireId = toWireId("event", eventId);
    const outcome = duplicate ? "duplicate" : "accepted";
    Object.assign(stateOf(response), { outcome, eventId: wireId, eventType: verified.eventType, tasks });
    sendAccepted(response, source, wireId, duplicate);
  };

  // A GET is a question, which few providers ask.
  const askedByGet: RequestHandler = (request, response, next) => {
    const source = sourceOf(response);
    if (!source.scheme.answersGet || request.method !== "GET") return next();
    if (eventOrAnswer(response, verify(request, source, Buffer.alloc(0))) !== undefined) next();
  };

  const refuseMethod: RequestHandler = (_request, response) => {
    const { scheme } = sourceOf(response);
    stateOf(response).outcome = "bad_method";
    sendAnswer(response, {
      status: 405,
      body: { type: "about:blank", title: "Method Not Allowed", status: 405, code: "method_not_allowed" },
      contentType: "application/problem+json",
      headers: { Allow: scheme.answersGet ? "GET, POST" : "POST" },
    });
  };

  const begin: RequestHandler = (_request, response, next) => {
    const startedAtMs = performance.now();
    Object.assign(stateOf(response), { startedAtMs });
    response.once("close", () => logEnd(response));
    next();
  };

  function logEnd(response: Response): void {
    const { source, failure, startedAtMs, ...rest } = stateOf(response);
    const durationMs = performance.now() - startedAtMs;
    metrics.inbound.inc({ provider: source?.provider ?? "none", outcome: rest.outcome ?? "refused" });
    metrics.inboundSeconds.observe(durationMs / 1000);
    const line = {
      unit: "inbound",
      sourceId: source === undefined ? undefined : toWireId("source", source.id),
      provider: source?.provider,
      // The client went away before its answer was complete; 499 is nginx' name for it.
      status: response.writableFinished ? response.statusCode : 499,
      durationMs: Math.round(durationMs * 10) / 10,
      ...rest,
      err: failure,
    };
    if (failure === undefined) log.info(line, "inbound");
    else log.error(line, "inbound failed");
  }

  // Four parameters are what makes it Express' error handler.
  const refuse = (error: unknown, _request: Request, response: Response, _next: NextFunction): void => {
    const { answer, code, failure } = problemOf(error, undefined);
    const state = stateOf(response);
    state.outcome = "refused";
    state.reason = code;
    if (failure !== undefined) state.failure = failure;
    if (!response.headersSent) sendAnswer(response, answer);
  };

  const router = Router();
  router.use("/:sourceId", begin);
  router.all("/:sourceId", findSource, rate.handler);
  router.post("/:sourceId", readBytes, receive);
  router.all("/:sourceId", askedByGet, refuseMethod);
  router.use(refuse);
  return { router, close: () => rate.close() };
}
