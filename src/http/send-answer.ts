import type { Response } from "express";
import type { Answer } from "./operation.ts";

const jsonType = "application/json; charset=utf-8";

/** Writes an answer. Bytes go out as they are and may not run anything in a browser; everything else as JSON. */
export function sendAnswer(response: Response, { status, body, contentType, headers = {} }: Answer): void {
  // Answers hold what only this credential may see, and at times a secret that is shown once.
  // setHeader, not Express' set: that one would add a charset to a type, or turn one it does not know into "false".
  response.statusCode = status;
  response.setHeader("Cache-Control", "no-store");
  for (const name in headers) response.setHeader(name, headers[name] ?? "");
  if (body === undefined) {
    response.end();
    return;
  }
  const isBytes = body instanceof Uint8Array;
  // A stranger chose these bytes and their type: an event's body may be HTML.
  if (isBytes) response.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
  // A text leaves together with its head in one write; bytes would be a second one.
  const content = isBytes ? body : JSON.stringify(body);
  response.setHeader("Content-Type", contentType ?? (isBytes ? "application/octet-stream" : jsonType));
  const length = Buffer.byteLength(content);
  response.setHeader("Content-Length", length);
  // A status of 204 or 304 and the answer to HEAD have no body; node leaves it out.
  // Plain ASCII, as most answers are, need not be encoded: that was half of what an answer costs to write.
  response.end(content, length === content.length ? "latin1" : "utf8");
}
