import { isUtf8 } from "node:buffer";
import { parse as parseForm } from "node:querystring";
import { isNestedDeeperThan } from "./json-depth.ts";

/** A body as the event document shows it, or why it cannot be shown. */
export type ParsedBody =
  | { readonly ok: true; readonly kind: "json" | "form" | "text"; readonly value: unknown }
  | { readonly ok: false; readonly reason: "empty_body" | "bad_utf8" | "byte_order_mark" | "not_json" | "too_deep" };

// Webhooks have ten levels. JSON.stringify, which writes a part of the body into a task, overflows the stack at 5,300, and
// Postgres' parser, which reads it there, later.
const maxDepth = 512;

/**
 * Reads a body for the event document: JSON as it is parsed, a form as an object without prototype (a repeated key as an array), anything
 * else as a text. The same bytes and content type give the same document at every stage, whatever the provider.
 *
 * What begins like a JSON object or array is tried as JSON under any content type, since `fetch` sends a string as text/plain and `curl -d`
 * as a form. A form of the one field `payload` that holds JSON is that JSON: so GitHub and Slack wrap theirs.
 */
export function parseBody(rawBody: Buffer, contentType: string | undefined): ParsedBody {
  if (rawBody.length === 0) return { ok: false, reason: "empty_body" };
  if (!isUtf8(rawBody)) return { ok: false, reason: "bad_utf8" };
  if (rawBody[0] === 0xef && rawBody[1] === 0xbb && rawBody[2] === 0xbf)
    return { ok: false, reason: "byte_order_mark" };
  const text = rawBody.toString("utf8");
  const mediaType = mediaTypeOf(contentType);
  const isJson = mediaType === "application/json" || mediaType === "text/json" || mediaType.endsWith("+json");
  if (isJson || beginsLikeJson(rawBody)) {
    const json = parseJson(text);
    if (json.ok || json.reason === "too_deep" || isJson) return json;
  }
  if (mediaType !== "application/x-www-form-urlencoded") return { ok: true, kind: "text", value: text };
  // maxKeys 0: by default the thousandth key and all after it would be dropped in silence.
  const form = parseForm(text, "&", "=", { maxKeys: 0 });
  const wrapped =
    typeof form["payload"] === "string" && Object.keys(form).length === 1 ? parseJson(form["payload"]) : undefined;
  return wrapped === undefined || (!wrapped.ok && wrapped.reason === "not_json")
    ? { ok: true, kind: "form", value: form }
    : wrapped;
}

/** `Application/JSON; charset=utf-8` → `application/json`. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return "";
  const end = contentType.indexOf(";");
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

function beginsLikeJson(rawBody: Buffer): boolean {
  for (const byte of rawBody) {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
    return byte === 0x7b || byte === 0x5b;
  }
  return false;
}

function parseJson(text: string): ParsedBody {
  if (isNestedDeeperThan(text, maxDepth)) return { ok: false, reason: "too_deep" };
  try {
    return { ok: true, kind: "json", value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, reason: "not_json" };
  }
}
