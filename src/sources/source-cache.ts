import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";
import { type CompiledScheme, compileScheme } from "./compile-scheme.ts";
import { compileSecret } from "./compile-secret.ts";
import { providers } from "./providers/catalogue.ts";
import { selectLiveSourceSecrets, type SourceRow, type SourceSecretRow } from "./store.ts";
import type { KeyMaterial } from "./verification/key-material.ts";
import type { VerificationScheme } from "./verification-scheme.ts";

/** A key that verifies, and until when. */
interface LiveKey {
  readonly key: KeyMaterial;
  readonly expiresAt: Date | undefined;
}

/** What an inbound request needs of its source. Holds keys: never log it. */
export interface SourceRecord {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly provider: string;
  readonly enabled: boolean;
  readonly scheme: CompiledScheme;
  readonly keys: readonly LiveKey[];
  readonly toleranceSeconds: number | undefined;
  /** The URL that the sender was given, where it is part of what is signed. */
  readonly url: string | undefined;
  readonly response: SourceResponse | undefined;
  readonly rateLimitPerSecond: number;
  readonly bodyLimitBytes: number;
}

/** What a source answers with instead of the hub's own success. */
export interface SourceResponse {
  readonly status?: number;
  readonly body?: string;
  readonly contentType?: string;
}

/** How a source's signature is checked, as its row holds it. */
export interface StoredVerification {
  readonly toleranceSeconds?: number;
  readonly url?: string;
  readonly scheme?: VerificationScheme;
}

/** Sources by id, in memory. */
export type SourceCache = ReadThroughCache<SourceRecord>;

/** Makes the cache of sources with their opened secrets, each decoded once instead of at every request. */
export function createSourceCache(services: Services): SourceCache {
  const { clock, signals, settings, secretBox, log } = services;

  const openKeys = (row: SourceRow, scheme: CompiledScheme, secrets: readonly SourceSecretRow[]): LiveKey[] =>
    secrets.flatMap(({ id, sealed, expires_at }): LiveKey[] => {
      const binding = { projectId: row.project_id, object: "source_secret", id, version: 1 } as const;
      const compiled = compileSecret(scheme, secretBox.open(binding, sealed).toString());
      if (compiled.ok) return [{ key: compiled.key, expiresAt: expires_at ?? undefined }];
      log.warn({ unit: "source", sourceId: row.id, reason: compiled.message }, "a stored secret no longer fits");
      return [];
    });

  const toRecord = (row: SourceRow, secrets: readonly SourceSecretRow[]): SourceRecord | undefined => {
    const verification = row.verification as StoredVerification;
    const scheme = verification.scheme ?? providers.get(row.provider)?.scheme;
    if (scheme === undefined) return undefined;
    const compiled = compileScheme(scheme);
    return {
      id: row.id,
      projectId: row.project_id,
      name: row.name,
      provider: row.provider,
      enabled: row.enabled,
      scheme: compiled,
      keys: openKeys(row, compiled, secrets),
      toleranceSeconds: verification.toleranceSeconds,
      url: verification.url,
      response: (row.response as SourceResponse | null) ?? undefined,
      rateLimitPerSecond: row.rate_limit_per_second ?? settings.inbound.rateLimitPerSecond,
      bodyLimitBytes: row.body_limit_bytes ?? settings.inbound.bodyLimitBytes,
    };
  };

  const load = async (db: Executor, ids: readonly string[]): Promise<Map<string, SourceRecord>> => {
    const rows = await db.kysely
      .selectFrom("sources")
      .selectAll()
      .where("id", "in", [...ids])
      .where("deleted_at", "is", null)
      .execute();
    const secrets = await selectLiveSourceSecrets(
      db,
      rows.map((row) => row.id),
      new Date(clock.now()),
    );
    const secretsOf = Map.groupBy(secrets, (secret) => secret.source_id);
    return new Map(
      rows.flatMap((row): [string, SourceRecord][] => {
        const record = toRecord(row, secretsOf.get(row.id) ?? []);
        return record === undefined ? [] : [[row.id, record]];
      }),
    );
  };
  return new ReadThroughCache({ clock, signals, topic: "sources", load, maxEntries: 20_000 });
}

/** The keys that verify at this moment (milliseconds since the epoch). */
export function liveKeys(source: SourceRecord, nowMs: number): KeyMaterial[] {
  return source.keys
    .filter(({ expiresAt }) => expiresAt === undefined || expiresAt.getTime() > nowMs)
    .map(({ key }) => key);
}
