import type { Executor } from "../platform/database.ts";
import type { CompiledScheme } from "./compile-scheme.ts";
import { providers } from "./providers/catalogue.ts";
import type { SourceCache } from "./source-cache.ts";
import { schemeOfSource } from "./source-scheme.ts";
import { readDelivery } from "./verification/read-delivery.ts";

/** A payload that somebody pasted, and the headers that were copied with it. */
export interface PastedDelivery {
  /** A uuid. */
  readonly sourceId: string | undefined;
  readonly provider: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Buffer;
  /** Parsed. */
  readonly body: unknown;
}

/** What an event would keep of the delivery. `type` is `unknown` where it says none. */
export interface SampleNames {
  readonly type: string;
  readonly deliveryId: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads a pasted delivery as that source, or a plain source of that provider, would; undefined when there is no such one. */
export async function readSample(
  db: Executor,
  sources: SourceCache,
  { sourceId, provider, headers, rawBody, body }: PastedDelivery,
  nowMs: number,
): Promise<SampleNames | undefined> {
  const scheme = await schemeOf(db, sources, sourceId, provider);
  if (scheme === undefined) return undefined;
  const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const delivery = readDelivery(rawBody, body, { values, repeated: undefined }, scheme, nowMs);
  return { type: delivery.eventType, deliveryId: delivery.deliveryId, headers: delivery.headers };
}

async function schemeOf(
  db: Executor,
  sources: SourceCache,
  sourceId: string | undefined,
  provider: string | undefined,
): Promise<CompiledScheme | undefined> {
  if (sourceId !== undefined) return (await sources.get(db, sourceId))?.scheme;
  // A custom provider's scheme is that of its source.
  if (provider === undefined || provider === "custom" || !providers.has(provider)) return undefined;
  return schemeOfSource(provider, {});
}
