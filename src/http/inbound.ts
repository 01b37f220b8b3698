import { performance } from "node:perf_hooks";
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import type { EventAcceptor } from "../events/accept-events.ts";
import { NotFoundError, UnavailableError, UnsupportedMediaError } from "../lib/errors.ts";
import { fromWireId, toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import type { SourceCache, SourceRecord } from "../sources/source-cache.ts";
import { type VerifiedRequest, verifyRequest } from "../sources/verify-request.ts";
import { BodyMemory } from "./body-memory.ts";
import { sendAsAsked, sendMethodNotAllowed, sendRejection, sendStored } from "./inbound-answers.ts";
import { problemOf } from "./problem.ts";
import { createRateLimit } from "./rate-limit.ts";
import { readRawBody } from "./read-raw-body.ts";
import { sendAnswer } from "./send-answer.ts";

/** What the inbound side works with. */
export interface InboundHost {
  readonly services: Services;
  readonly sources: SourceCache;
  readonly acceptor: EventAcceptor;
}

/** What is known of an inbound request while it is handled; most of it goes into its one log line. */
interface InboundState {
  startedAtMs: number;
  /** Memory that its body holds until it has been answered. */
  bytes: number;
  source?: SourceRecord;
  outcome?: "accepted" | "duplicate" | "handshake" | "bad_method" | "refused" | "failed";
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
const emptyBody = Buffer.alloc(0);

function stateOf(response: Response): InboundState {
  return response.locals as InboundState;
}

function sourceOf(response: Response): SourceRecord {
  const { source } = stateOf(response);
  if (source === undefined) throw new NotFoundError("There is no such source.");
  return source;
}

function requireReadableCharset(contentType: string | undefined): void {
  const encoding = contentType === undefined ? undefined : charset.exec(contentType)?.[1];
  if (encoding !== undefined && !asciiCompatible.test(encoding))
    throw new UnsupportedMediaError("Send the body in UTF-8");
}

function queryOf({ url }: Request): string | undefined {
  const start = url.indexOf("?");
  return start === -1 ? undefined : url.slice(start + 1);
}

/**
 * The way in for third parties, `POST /in/{sourceId}`: rate, size, then the signature over the raw bytes, and only then
 * anything that reads them. It stands before all middleware of the admin side. The sender never learns which check failed.
 */
export function createInboundRouter({ services, sources, acceptor }: InboundHost): { router: Router; close(): void } {
  const { log, metrics, clock, settings } = services;
  const memory = new BodyMemory(settings.inbound.maxWaitingBytes);
  metrics.gauge("hookyard_inbound_bytes", "Memory that bodies hold until they are answered.", () => memory.held);

  const begin: RequestHandler = (_request, response, next) => {
    const state = stateOf(response);
    state.startedAtMs = performance.now();
    state.bytes = 0;
    response.once("close", () => end(response));
    next();
  };

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

  const claimFor =
    (state: InboundState, source: SourceRecord) =>
    (bytes: number): UnavailableError | undefined => {
      if (!memory.take(source.id, bytes))
        return new UnavailableError("overloaded", "Too much waits to be stored; try again shortly.", {
          retryAfterSeconds: 2,
        });
      state.bytes += bytes;
      return undefined;
    };

  const verify = (request: Request, source: SourceRecord, rawBody: Buffer): ReturnType<typeof verifyRequest> => {
    const nowMs = clock.now();
    return verifyRequest(
      {
        rawBody,
        headers: request.rawHeaders,
        method: request.method,
        url: source.url ?? `${services.publicUrl()}/in/${source.wireId}`,
        query: queryOf(request),
        keys: source.keysAt(nowMs),
        nowMs,
        toleranceSeconds: source.toleranceSeconds,
      },
      source.scheme,
    );
  };

  const store = async (
    response: Response,
    source: SourceRecord,
    verified: VerifiedRequest,
    rawBody: Buffer,
  ): Promise<void> => {
    const { deliveryId, eventType, headers, contentType, body, answer } = verified;
    const delivery = { source, deliveryId, eventType, headers, contentType, body, rawBody };
    const { eventId, duplicate, tasks } = await acceptor.accept(delivery);
    const state = stateOf(response);
    state.outcome = duplicate ? "duplicate" : "accepted";
    state.eventId = toWireId("event", eventId);
    state.eventType = eventType;
    state.tasks = tasks;
    sendStored(response, source, { eventId: state.eventId, duplicate }, answer);
  };

  const handle = async (request: Request, response: Response, source: SourceRecord, rawBody: Buffer): Promise<void> => {
    const state = stateOf(response);
    const verified = verify(request, source, rawBody);
    if (!verified.ok) {
      state.outcome = "refused";
      state.reason = verified.reason;
      sendRejection(response, verified);
    } else if (verified.handshake === undefined) {
      await store(response, source, verified, rawBody);
    } else {
      state.outcome = "handshake";
      sendAsAsked(response, verified.handshake);
    }
  };

  const receive: RequestHandler = async (request, response) => {
    const source = sourceOf(response);
    if (request.method === "POST") {
      requireReadableCharset(request.headers["content-type"]);
      const { bodyLimitBytes: limitBytes } = source;
      const rawBody = await readRawBody(request, { limitBytes, claim: claimFor(stateOf(response), source) });
      await handle(request, response, source, rawBody);
    } else if (request.method === "GET" && source.scheme.answersGet) {
      // A question, which few providers ask; it never verifies as an event.
      await handle(request, response, source, emptyBody);
    } else {
      stateOf(response).outcome = "bad_method";
      sendMethodNotAllowed(response, source);
    }
  };

  // Four parameters are what makes it Express' error handler.
  const refuse = (error: unknown, _request: Request, response: Response, _next: NextFunction): void => {
    const { answer, code, failure } = problemOf(error, undefined);
    const state = stateOf(response);
    state.outcome = failure === undefined ? "refused" : "failed";
    state.reason = code;
    // Under a load that is too much, a stack trace for each refusal would be more of it.
    if (code !== "overloaded") state.failure = failure;
    if (!response.headersSent) sendAnswer(response, answer);
  };

  function end(response: Response): void {
    const { startedAtMs, bytes, source, outcome = "refused", failure, ...known } = stateOf(response);
    if (source !== undefined) memory.give(source.id, bytes);
    const durationMs = performance.now() - startedAtMs;
    metrics.inbound.inc({ provider: source?.provider ?? "none", outcome });
    metrics.inboundSeconds.observe(durationMs / 1000);
    const line = {
      unit: "inbound",
      sourceId: source?.wireId,
      provider: source?.provider,
      // The client went away before its answer was complete; 499 is nginx' name for it.
      status: response.writableFinished ? response.statusCode : 499,
      durationMs: Math.round(durationMs * 10) / 10,
      outcome,
      ...known,
      err: failure,
    };
    if (failure === undefined) log.info(line, "inbound");
    else log.error(line, "inbound failed");
  }

  const router = Router();
  router.all("/:sourceId", begin, findSource, rate.handler, receive);
  router.use(refuse);
  return { router, close: () => rate.close() };
}
