import { parsePointer } from "./json-pointer.ts";
import type { PointerPath } from "./json-pointer.ts";
import type { RejectionReason } from "./rejection.ts";
import type { MethodShape } from "./scheme-shape.ts";

export interface SignedTimestamp {
  readonly header: string | undefined;
  readonly field: string | undefined;
  readonly pointer: PointerPath | undefined;
  readonly unit: "seconds" | "milliseconds" | "rfc3339";
  readonly toleranceSeconds: number;
}

const defaultToleranceSeconds = 300;

/** Digits by count: `Number` and `parseInt` would take `1e9`, `123abc`, floats, and milliseconds for seconds. */
const forms = {
  seconds: /^\d{10}$/,
  milliseconds: /^\d{13}$/,
  rfc3339: /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/,
} as const;

export function compileTimestamp(timestamp: MethodShape["timestamp"]): SignedTimestamp | undefined {
  if (timestamp === undefined) return undefined;
  const { from } = timestamp;
  return {
    header: "header" in from ? from.header.toLowerCase() : undefined,
    field: "field" in from ? from.field : undefined,
    pointer: "pointer" in from ? parsePointer(from.pointer) : undefined,
    unit: timestamp.unit ?? "seconds",
    toleranceSeconds: timestamp.toleranceSeconds ?? defaultToleranceSeconds,
  };
}

/** Undefined when the text is a time within the tolerance of `nowMs`, before it or after it. */
export function timestampProblem(
  text: string | undefined,
  timestamp: SignedTimestamp,
  nowMs: number,
  toleranceSeconds: number,
): RejectionReason | undefined {
  if (text === undefined || !forms[timestamp.unit].test(text)) return "bad_timestamp";
  const atMs =
    timestamp.unit === "rfc3339" ? Date.parse(text) : Number(text) * (timestamp.unit === "seconds" ? 1000 : 1);
  if (Number.isNaN(atMs)) return "bad_timestamp";
  if (nowMs - atMs > toleranceSeconds * 1000) return "stale_timestamp";
  if (atMs - nowMs > toleranceSeconds * 1000) return "future_timestamp";
  return undefined;
}

/** A time as the sender would write it. */
export function writeTimestamp({ unit }: SignedTimestamp, nowMs: number): string {
  if (unit === "rfc3339") return new Date(nowMs).toISOString();
  return String(unit === "milliseconds" ? nowMs : Math.floor(nowMs / 1000));
}
