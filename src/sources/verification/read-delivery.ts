import { createHash } from "node:crypto";
import type { CompiledScheme } from "../compile-scheme.ts";
import { batchDeliveryId, readBatch } from "./batch.ts";
import { cleanDeliveryId, cleanEventType, cleanText } from "./clean-text.ts";
import { readEventValue } from "./event-value.ts";
import type { PickedHeaders } from "./pick-headers.ts";

/** What an event keeps of its delivery, besides the body. */
export interface Delivery {
  /** The provider's id of the delivery, at most 256 characters, or `sha256:` and the hash of the body where there is none. */
  readonly deliveryId: string;
  /** The provider's event, joined with its action; at most 200 characters; `unknown` where the provider names none. */
  readonly eventType: string;
  /** The allow-listed headers, by lower-case name; without prototype. */
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
}

const unknownType = "unknown";
const maxContentTypeLength = 200;

/**
 * Reads it off a verified request, made fit for columns and log lines.
 *
 * @param nowMs milliseconds since the Unix epoch
 */
export function readDelivery(
  rawBody: Buffer,
  body: unknown,
  { values, repeated }: PickedHeaders,
  scheme: CompiledScheme,
  nowMs: number,
): Delivery {
  const { id, type } = readNames(body, values, scheme);
  const headers: Record<string, string> = Object.create(null);
  for (const name of scheme.keepHeaders) {
    const value = repeated?.get(name)?.join(", ") ?? values.get(name);
    if (value !== undefined) headers[name] = cleanText(value, value.length);
  }
  return {
    deliveryId: id === undefined ? idOfBody(rawBody, scheme.repeatWindowSeconds, nowMs) : cleanDeliveryId(id),
    eventType: (type && cleanEventType(type)) ?? unknownType,
    headers,
    contentType: readContentType(values),
  };
}

function readNames(
  body: unknown,
  headers: ReadonlyMap<string, string>,
  { deliveryId, eventType, batch }: CompiledScheme,
): { readonly id: string | undefined; readonly type: string | undefined } {
  const id = deliveryId && readEventValue(deliveryId, body, headers, true);
  const type = eventType && readEventValue(eventType, body, headers, false);
  if (batch === undefined || (id !== undefined && type !== undefined)) return { id, type };
  const items = readBatch(batch, body, headers);
  return { id: id ?? batchDeliveryId(items), type: type ?? items[0]?.eventType };
}

/** Within a window counted from the epoch, so that every process finds the same id without asking another. */
function idOfBody(rawBody: Buffer, windowSeconds: number | undefined, nowMs: number): string {
  const hash = `sha256:${createHash("sha256").update(rawBody).digest("hex")}`;
  return windowSeconds === undefined ? hash : `${hash}@${Math.floor(nowMs / (windowSeconds * 1000))}`;
}

/** The content type as the event keeps it; the body is parsed by this one, so that a replay parses it alike. */
export function readContentType(headers: ReadonlyMap<string, string>): string | undefined {
  const contentType = headers.get("content-type");
  return contentType && cleanText(contentType, maxContentTypeLength);
}
