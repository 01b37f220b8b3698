import type { IncomingMessage } from "node:http";
import { type HubError, MalformedError, TooLargeError, UnsupportedMediaError } from "../lib/errors.ts";

// What a chunk costs besides its bytes: a body in chunks of one byte takes a hundred times its length.
const chunkBytes = 128;

/** How a body is bounded. */
interface RawBodyLimits {
  readonly limitBytes: number;
  /** Takes memory for a further part of the body; answers with the refusal when there is none. */
  readonly claim: (bytes: number) => HubError | undefined;
}

/**
 * The bytes of a request's body, as they came; empty when there is none. Rejects with TooLargeError, UnsupportedMediaError
 * (415) for a compressed one, or what `claim` refuses with, after the rest has been read and thrown away: a client that
 * still writes does not read an answer. Rejects with MalformedError when the client goes away.
 */
export function readRawBody(request: IncomingMessage, { limitBytes, claim }: RawBodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    let refusal = refusalOf(request, limitBytes);
    request.on("data", (chunk: Buffer) => {
      if (refusal !== undefined) return;
      received += chunk.length;
      refusal = received > limitBytes ? tooLarge() : claim(chunk.length + chunkBytes);
      if (refusal === undefined) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.once("end", () => {
      if (refusal !== undefined) reject(refusal);
      else resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    const abort = (): void => {
      if (!request.readableEnded) reject(new MalformedError("aborted", "The request ended before its body did"));
    };
    request.once("close", abort);
    if (request.destroyed) abort();
  });
}

function tooLarge(): TooLargeError {
  return new TooLargeError("The body is over the size limit");
}

function refusalOf({ headers }: IncomingMessage, limitBytes: number): HubError | undefined {
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") return new UnsupportedMediaError("Send the body without compression");
  return Number(headers["content-length"] ?? 0) > limitBytes ? tooLarge() : undefined;
}
