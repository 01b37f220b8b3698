import type { RequestHandler } from "express";
import { stateOf } from "./request-state.ts";

/** Middleware: says under which path, as it is declared, a request is logged and counted. */
export function namePath(path: string): RequestHandler {
  return (_request, response, next) => {
    stateOf(response).path = path;
    next();
  };
}
