import { z } from "zod";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";

const maxBodyBytes = 8192;

// Nothing that a browser would run: the answer comes from the hub's own origin.
const contentType = z
  .string()
  .regex(/^(?:text\/plain|application\/json|application\/xml|text\/xml)(?:; ?charset=utf-8)?$/i, {
    error: "must be text/plain, application/json, application/xml or text/xml, in UTF-8",
  });

function textOf(body: string | object): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** What a source answers a sender with, as its owner writes it. */
export const newSourceResponse = z
  .strictObject({
    status: z.int().min(200).max(299).exactOptional().describe("Absent: 200."),
    body: z
      .union([storableText(maxBodyBytes), jsonObjectSchema], { error: "must be a text or an object" })
      .exactOptional()
      .describe("Text, or an object that is sent as JSON; at most 8 KiB. Absent: the event's id as JSON."),
    contentType: contentType
      .exactOptional()
      .describe("Of a body that is given. Absent: application/json for an object, else text/plain."),
  })
  .refine(({ status, body }) => body === undefined || (status !== 204 && status !== 205), {
    path: ["body"],
    error: "must be absent, because this status has none",
  })
  .refine(({ body }) => Buffer.byteLength(textOf(body ?? "")) <= maxBodyBytes, {
    path: ["body"],
    error: "must have at most 8 KiB",
  });

/** The same as it is stored, sent and shown: a body is the text that goes out. */
export const sourceResponseSchema = z.strictObject({
  status: z.int(),
  body: z.string().exactOptional(),
  contentType: z.string().exactOptional(),
});

export type NewSourceResponse = z.infer<typeof newSourceResponse>;
export type SourceResponse = z.infer<typeof sourceResponseSchema>;

/** Brings what the owner wrote into the form that is stored: what is sent is decided once, not at every request. */
export function sourceResponseOf(written: NewSourceResponse): SourceResponse {
  const { status = 200, body } = written;
  if (body === undefined) return { status };
  const type = written.contentType ?? (typeof body === "string" ? "text/plain" : "application/json");
  return { status, body: textOf(body), contentType: `${type.replace(/;.*/, "").toLowerCase()}; charset=utf-8` };
}
