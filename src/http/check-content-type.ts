import type { Request, RequestHandler } from "express";
import { UnsupportedMediaError } from "../lib/errors.ts";

const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i;

function hasBody({ headers }: Request): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Middleware: lets through no body, or one of these types in UTF-8; else UnsupportedMediaError (415). It stands before the
 * parser, which leaves alone what it does not know, so that the call would see no body at all.
 */
export function checkContentType(types: readonly string[]): RequestHandler {
  const anyType = types.includes("*/*");
  return (request, _response, next) => {
    if (!hasBody(request)) return next();
    const sent = request.headers["content-type"];
    if (!anyType && (sent === undefined || request.is([...types]) === false))
      throw new UnsupportedMediaError(`Send the body with the Content-Type ${types.join(" or ")}`);
    const encoding = charset.exec(sent ?? "")?.[1]?.toLowerCase() ?? "utf-8";
    if (!anyType && encoding !== "utf-8" && encoding !== "utf8")
      throw new UnsupportedMediaError("Send the body in UTF-8");
    return next();
  };
}
