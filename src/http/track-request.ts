import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { RequestHandler, Response } from "express";
import { wireActorId } from "../access/wire-actor-id.ts";
import type { Services } from "../platform/services.ts";
import { stateOf } from "./request-state.ts";

// These are asked every few seconds by machines, and their answers say nothing of the hub's work.
const unlogged = new Set(["/healthz", "/readyz", "/metrics"]);

function logEnd(response: Response, method: string, { log, metrics }: Pick<Services, "log" | "metrics">): void {
  const { requestId, startedAtMs = 0, path = "unmatched", actor, code, failure } = stateOf(response);
  // The client went away before the answer was complete; 499 is nginx' name for it.
  const status = response.writableFinished ? response.statusCode : 499;
  metrics.requests.inc({ method, route: path, status });
  const line = {
    unit: "api",
    requestId,
    method,
    path,
    status,
    code,
    durationMs: Math.round((performance.now() - startedAtMs) * 10) / 10,
    projectId: actor?.projectId,
    actor: actor === undefined ? undefined : wireActorId(actor.id),
    err: failure,
  };
  if (failure === undefined) log.info(line, "request");
  else log.error(line, "request failed");
}

/** Middleware: gives a request its id, and at its end one log line and a count. */
export function trackRequest(services: Pick<Services, "log" | "metrics">): RequestHandler {
  return (request, response, next) => {
    const requestId = `req_${randomUUID()}`;
    Object.assign(stateOf(response), { requestId, startedAtMs: performance.now() });
    response.set("X-Request-Id", requestId);
    if (!unlogged.has(request.path))
      response.once("close", () => {
        logEnd(response, request.method, services);
      });
    next();
  };
}
