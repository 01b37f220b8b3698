import { createHash } from "node:crypto";

/** Control and format characters, halves of a surrogate pair, line separators: nothing that a log line or a text column needs. */
const unwanted = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const allUnwanted = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const maxIdLength = 256;
const maxTypeLength = 200;

/** A text without control and format characters, at most `maxLength` UTF-16 units long. */
export function cleanText(text: string, maxLength: number): string {
  const bounded = text.length > maxLength ? text.slice(0, maxLength) : text;
  return unwanted.test(bounded) ? bounded.replace(allUnwanted, "") : bounded;
}

/** An event type fit for matching and for a log line; undefined when nothing is left of it. */
export function cleanEventType(text: string): string | undefined {
  return cleanText(text, maxTypeLength).trim() || undefined;
}

/**
 * A delivery id fit for the dedupe key. One that is too long or has control characters becomes a hash of itself: cut or
 * stripped, two ids could become one, and the second event would be lost as a duplicate.
 */
export function cleanDeliveryId(text: string): string {
  if (text.length <= maxIdLength && !unwanted.test(text)) return text;
  return `sha256:${createHash("sha256").update(text, "utf16le").digest("hex")}`;
}
