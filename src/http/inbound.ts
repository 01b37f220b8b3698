import { performance } from "node:perf_hooks";
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import type { EventAcceptor } from "../events/accept-events.ts";
import { NotFoundError, UnavailableError, UnsupportedMediaError } from "../lib/errors.ts";
import { fromWireId, toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import { completeHandshake } from "../sources/complete-handshake.ts";
import type { SubscriptionConfirmer } from "../sources/confirm-subscription.ts";
import type { CertificateCache } from "../sources/fetch-certificate.ts";
import type { RejectionLog } from "../sources/rejection-log.ts";
import type { SourceCache, SourceRecord } from "../sources/source-cache.ts";
import type { SourceHealth } from "../sources/source-health.ts";
import { storeDelivery } from "../sources/store-delivery.ts";
import type { HandshakeResponse } from "../sources/verification/handshake.ts";
import { verifyDelivery } from "../sources/verify-delivery.ts";
import type { VerifiedRequest } from "../sources/verify-request.ts";
import type { Rejection, RejectionReason } from "../sources/verification/rejection.ts";
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
  readonly certificates: CertificateCache;
  readonly confirmer: SubscriptionConfirmer;
  readonly rejections: RejectionLog;
  readonly health: SourceHealth;
}

/** What is known of an inbound request while it is handled; most of it goes into its one log line. */
interface InboundState {
  startedAtMs: number;
  /** Memory that its body holds until it has been answered. */
  bytes: number;
  source?: SourceRecord;
  outcome?: "accepted" | "duplicate" | "held" | "handshake" | "bad_method" | "refused" | "failed";
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
// Its sender has to change something; of what was refused for the hub's sake there is nothing to say.
const refusedForItsForm: ReadonlySet<string> = new Set(["payload_too_large", "unsupported_media_type"]);

/** Why a request is not taken. */
type Refusal = Omit<Rejection, "reason"> & { readonly reason: RejectionReason | "ip_not_allowed" };

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
export function createInboundRouter(host: InboundHost): { router: Router; close(): void } {
  const { services, sources, acceptor, certificates, confirmer, rejections, health } = host;
  const { log, metrics, settings } = services;
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
    announced: false,
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

  const verify = (
    request: Request,
    source: SourceRecord,
    rawBody: Buffer,
  ): VerifiedRequest | Refusal | Promise<VerifiedRequest | Refusal> => {
    // No sooner: whoever is not listened to learns no more of the source than whoever cannot sign.
    if (source.allows?.(request.ip ?? "") === false) return { ok: false, reason: "ip_not_allowed", status: 401 };
    const { method, rawHeaders: headers } = request;
    return verifyDelivery(services, certificates, source, { method, headers, query: queryOf(request), rawBody });
  };

  const noteRefusal = (
    request: Request,
    source: SourceRecord,
    refusal: { readonly reason: string; readonly status: number; readonly rawBody?: Buffer },
  ): void => {
    const { method, rawHeaders, ip: address } = request;
    rejections.record({ ...refusal, source, method, rawHeaders, address });
    health.refused(source, refusal.reason);
  };

  const store = async (
    response: Response,
    source: SourceRecord,
    verified: VerifiedRequest,
    rawBody: Buffer,
  ): Promise<void> => {
    const { eventId, duplicate, held, tasks } = await storeDelivery(acceptor, source, verified, rawBody);
    health.verified(source);
    const state = stateOf(response);
    state.outcome = duplicate ? "duplicate" : held ? "held" : "accepted";
    state.eventId = toWireId("event", eventId);
    state.eventType = verified.eventType;
    state.tasks = tasks;
    sendStored(response, source, { eventId: state.eventId, duplicate }, verified.answer);
  };

  const turnAway = (
    request: Request,
    response: Response,
    source: SourceRecord,
    rawBody: Buffer,
    { reason, status }: Refusal,
  ): void => {
    Object.assign(stateOf(response), { outcome: "refused", reason });
    noteRefusal(request, source, { reason, status, rawBody });
    sendRejection(response, { status });
  };

  const answer = async (
    request: Request,
    response: Response,
    source: SourceRecord,
    rawBody: Buffer,
    handshake: HandshakeResponse,
  ): Promise<void> => {
    const refusal = await completeHandshake(services, confirmer, source, handshake);
    if (refusal !== undefined) {
      turnAway(request, response, source, rawBody, refusal);
      return;
    }
    stateOf(response).outcome = "handshake";
    sendAsAsked(response, handshake);
  };

  const handle = async (request: Request, response: Response, source: SourceRecord, rawBody: Buffer): Promise<void> => {
    // Awaited only where there is something to wait for: most verify at once.
    const decided = verify(request, source, rawBody);
    const verified = decided instanceof Promise ? await decided : decided;
    if (!verified.ok) turnAway(request, response, source, rawBody, verified);
    else if (verified.handshake === undefined) await store(response, source, verified, rawBody);
    else await answer(request, response, source, rawBody, verified.handshake);
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
  const refuse = (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const { answer, code, failure } = problemOf(error, undefined);
    const state = stateOf(response);
    state.outcome = failure === undefined ? "refused" : "failed";
    state.reason = code;
    if (state.source !== undefined && refusedForItsForm.has(code))
      noteRefusal(request, state.source, { reason: code, status: answer.status });
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
