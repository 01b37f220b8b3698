import { z } from "zod";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";

// Nothing that a browser would run: the answer comes from the hub's own origin.
const contentTypes = ["text/plain", "application/json", "application/xml", "text/xml"] as const;

const maxBodyBytes = 8192;

function bytesOf(body: string | object | undefined): Buffer {
  return Buffer.from(typeof body === "object" ? JSON.stringify(body) : (body ?? ""));
}

/** What a source answers a sender with, as its owner configures it. */
export const sourceResponse = z
  .strictObject({
    status: z.int().min(200).max(299).exactOptional().describe("Absent: 200."),
    body: z
      .union([storableText(maxBodyBytes), jsonObjectSchema], { error: "must be a text or an object" })
      .exactOptional()
      .describe("Text, or an object that is sent as JSON; at most 8 KiB. Absent: no body."),
    contentType: z
      .enum(contentTypes)
      .exactOptional()
      .describe("Absent: application/json for an object, else text/plain."),
  })
  .refine(({ status, body }) => body === undefined || (status !== 204 && status !== 205), {
    path: ["body"],
    error: "must be absent, because this status has none",
  })
  .refine(({ body }) => bytesOf(body).length <= maxBodyBytes, {
    path: ["body"],
    error: "must have at most 8 KiB",
  });

export type SourceResponse = z.infer<typeof sourceResponse>;

/** The answer as it goes over the wire. `body` is empty, and has no content type, where the source names none. */
export function renderSourceResponse({ status, body, contentType }: SourceResponse): {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
} {
  const type = contentType ?? (typeof body === "string" ? "text/plain" : "application/json");
  return {
    status: status ?? 200,
    contentType: body === undefined ? undefined : `${type}; charset=utf-8`,
    body: bytesOf(body),
  };
}
