import type { RequestHandler } from "express";
import { HubError, NotFoundError } from "../lib/errors.ts";

/** A call that the hub answers, its path in OpenAPI's form. */
export interface KnownCall {
  readonly method: string;
  readonly path: string;
}

/** 405: the path is known, the method is not. */
class MethodNotAllowedError extends HubError {
  readonly status = 405;
  readonly code = "method_not_allowed";
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith("{") ? segments[index] !== "" : part === segments[index]))
  );
}

/** The last middleware: 405 with Allow for a known path (204 to OPTIONS), 404 for any other. */
export function refuseUnknown(calls: readonly KnownCall[]): RequestHandler {
  const known = calls.map(({ method, path }) => ({ method: method.toUpperCase(), pattern: path.split("/") }));
  return (request, response) => {
    const segments = request.path.replace(/(?<=.)\/$/, "").split("/");
    const methods = new Set(known.filter(({ pattern }) => matches(pattern, segments)).map(({ method }) => method));
    if (methods.size === 0) throw new NotFoundError("There is nothing at this address; /docs lists what there is");
    if (methods.has("GET")) methods.add("HEAD");
    const allow = [...methods.add("OPTIONS")].toSorted().join(", ");
    response.set("Allow", allow);
    if (request.method !== "OPTIONS")
      throw new MethodNotAllowedError(`${request.method} is not possible here, but ${allow}`);
    response.status(204).end();
  };
}
