import { createHash } from "node:crypto";
import type { CompiledScheme } from "../compile-scheme.ts";
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

/** Reads it off a verified request, made fit for columns and log lines. */
export function readDelivery(
  rawBody: Buffer,
  body: unknown,
  { values, repeated }: PickedHeaders,
  { deliveryId, eventType, keepHeaders }: CompiledScheme,
): Delivery {
  const id = deliveryId && readEventValue(deliveryId, body, values, true);
  const type = eventType && readEventValue(eventType, body, values, false);
  const headers: Record<string, string> = Object.create(null);
  for (const name of keepHeaders) {
    const value = repeated?.get(name)?.join(", ") ?? values.get(name);
    if (value !== undefined) headers[name] = cleanText(value, value.length);
  }
  return {
    deliveryId: id === undefined ? `sha256:${hashOf(rawBody)}` : cleanDeliveryId(id),
    eventType: (type && cleanEventType(type)) ?? unknownType,
    headers,
    contentType: readContentType(values),
  };
}

/** The content type as the event keeps it; the body is parsed by this one, so that a replay parses it alike. */
export function readContentType(headers: ReadonlyMap<string, string>): string | undefined {
  const contentType = headers.get("content-type");
  return contentType && cleanText(contentType, maxContentTypeLength);
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
