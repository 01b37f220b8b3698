import type { CompiledScheme } from "./compile-scheme.ts";
import type { ProviderSample, SampleValue } from "./providers/provider.ts";
import { withValueAt } from "./verification/json-pointer.ts";

/**
 * The sample with another event type, written where the scheme reads it: a type of several parts (GitHub's `issues.opened`) is
 * cut where they are joined. A scheme that reads the type elsewhere, such as in the name of a key, leaves the sample as it is.
 */
export function withEventType({ eventType }: CompiledScheme, sample: ProviderSample, type: string): ProviderSample {
  const [place] = eventType?.choices ?? [];
  if (place === undefined) return sample;
  const texts = cut(type, place.separator, place.parts.length);
  let { headers, body } = sample;
  for (const [index, part] of place.parts.entries()) {
    const text = texts[index];
    if (text === undefined) continue;
    if (part.kind === "header") headers = { ...without(headers, part.names), [part.names[0] ?? ""]: text };
    if (part.kind === "pointer" && part.paths[0] !== undefined)
      body = withValueAt(body, part.paths[0], text) as Extract<SampleValue, object>;
  }
  return { ...sample, ...(headers === undefined ? {} : { headers }), body };
}

/** At most so many pieces; the last one keeps the rest. */
function cut(text: string, separator: string, pieces: number): readonly string[] {
  const texts = text.split(separator);
  return texts.length <= pieces ? texts : [...texts.slice(0, pieces - 1), texts.slice(pieces - 1).join(separator)];
}

function without(headers: ProviderSample["headers"], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !names.includes(name.toLowerCase())));
}
