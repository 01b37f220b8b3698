import { createHash } from "node:crypto";
import type { ProviderSample, SampleObject, SampleValue } from "./providers/provider.ts";

/** What makes one delivery of a sample differ from the next. */
export interface SampleMoment {
  /** New for each delivery; the same id gives the same delivery. */
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** A sample with its placeholders filled in. */
export interface FilledSample {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: SampleValue;
}

/** What a source without a sample of its provider's own is tested with. */
export const plainSample: ProviderSample = {
  body: { type: "hookyard.test", id: "$id", timestamp: "$time", data: {} },
  eventType: "hookyard.test",
};

/** Replaces what stands for the time and for new ids; see `ProviderSample`. */
export function fillSample(sample: ProviderSample, moment: SampleMoment): FilledSample {
  const integers = new Map([
    ["$number", numberOf(moment.id)],
    ["$seconds", Math.floor(moment.nowMs / 1000)],
    ["$milliseconds", moment.nowMs],
  ]);
  const time = new Date(moment.nowMs).toISOString();
  const textOf = (text: string) => text.split("$id").join(moment.id).split("$time").join(time);
  const fill = (value: SampleValue): SampleValue => {
    if (typeof value === "string") return integers.get(value) ?? textOf(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(fill);
    return Object.fromEntries(Object.entries(value as SampleObject).map(([key, inner]) => [key, fill(inner)]));
  };
  const headers = Object.entries(sample.headers ?? {}).map(
    ([name, text]) => [name, String(integers.get(text) ?? textOf(text))] as const,
  );
  return { headers, body: fill(sample.body) };
}

/** An integer as new as the id, small enough for a double (48 bits). */
function numberOf(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, 6);
}
