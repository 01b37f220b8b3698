import type { z } from "zod";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";

const maxHeaders = 20;
const maxValueCharacters = 1024;
// Narrower than RFC 9110's token: many servers drop names with other characters.
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
// RFC 9110 field-value without obs-text; no CR, LF or NUL, which would end the header.
const valueForm = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;

// What a connection, the body or the signature needs for itself (RFC 9110 §7.6.1, §8), and what the client sets.
const reserved = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  "accept-encoding",
  "content-encoding",
  "content-length",
  "content-type",
]);
// Headers are stored and shown in clear. The signature tells a receiver who calls, so that it needs no password.
const credentials = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-api-key",
  "api-key",
  "x-auth-token",
  "x-access-token",
]);

/** Whether a header is one that the connection, the body or the client sets. */
export function isHubHeader(name: string): boolean {
  return reserved.has(name.toLowerCase());
}

function headerProblem(name: string, value: unknown): string | undefined {
  const lower = name.toLowerCase();
  if (!nameForm.test(name)) return "must have a name of letters, digits, - and _";
  if (isHubHeader(name) || lower.startsWith("webhook-") || lower.startsWith("hookyard-"))
    return "is set by the hub itself";
  if (credentials.has(lower))
    return "is a credential, and headers are stored and shown in clear; verify the webhook-signature instead";
  if (typeof value !== "string" || value.length > maxValueCharacters || !valueForm.test(value))
    return `must be printable ASCII, at most ${maxValueCharacters} characters, without blanks at its ends`;
  return undefined;
}

/** Headers that every delivery to an endpoint carries besides the hub's own. */
export const endpointHeaders = jsonObjectSchema.superRefine((headers, ctx) => {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const problem = seen.has(name.toLowerCase()) ? "is named twice" : headerProblem(name, value);
    if (problem !== undefined) ctx.addIssue({ code: "custom", path: [name.slice(0, 100)], message: problem });
    seen.add(name.toLowerCase());
  }
  if (seen.size > maxHeaders) ctx.addIssue({ code: "custom", message: `must be at most ${maxHeaders}` });
}) as z.ZodType as z.ZodType<Readonly<Record<string, string>>>;
