import { z } from "zod";
import type { Answer } from "./operation.ts";

const headSchema = z.strictObject({
  status: z.int(),
  contentType: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.enum(["none", "json", "bytes"]),
});

/** An answer as bytes: a line of JSON, then the body. */
export function encodeAnswer({ status, body, contentType, headers }: Answer): Buffer {
  const isBytes = body instanceof Uint8Array;
  const kind = body === undefined ? "none" : isBytes ? "bytes" : "json";
  const head = JSON.stringify({ status, contentType, headers, body: kind });
  const content = isBytes ? body : Buffer.from(body === undefined ? "" : JSON.stringify(body));
  return Buffer.concat([Buffer.from(`${head}\n`), content]);
}

/** The answer that was encoded, with the header that tells it from a first one. */
export function decodeAnswer(encoded: Buffer): Answer {
  const end = encoded.indexOf("\n");
  const head = headSchema.parse(JSON.parse(encoded.subarray(0, end).toString()));
  const content = encoded.subarray(end + 1);
  const body: unknown =
    head.body === "none" ? undefined : head.body === "bytes" ? content : JSON.parse(content.toString());
  return {
    status: head.status,
    body,
    ...(head.contentType === undefined ? {} : { contentType: head.contentType }),
    headers: { ...head.headers, "Idempotency-Replayed": "true" },
  };
}
