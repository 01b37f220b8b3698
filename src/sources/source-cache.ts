import { type AddressTest, compileAddressList } from "../lib/address-list.ts";
import { UnavailableError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";
import type { CompiledScheme } from "./compile-scheme.ts";
import { compileSecret } from "./compile-secret.ts";
import type { Verification } from "./source.ts";
import type { SourceResponse } from "./source-response.ts";
import { schemeOfSource } from "./source-scheme.ts";
import { openSourceSecret } from "./source-secret.ts";
import { selectLiveSourceSecrets, type SourceRow, type SourceSecretRow } from "./store.ts";
import type { KeyMaterial } from "./verification/key-material.ts";

/** What an inbound request needs of its source. Holds keys: never log it. */
export interface SourceRecord {
  readonly id: string;
  /** The id as the URL has it. */
  readonly wireId: string;
  readonly projectId: string;
  readonly name: string;
  readonly provider: string;
  readonly enabled: boolean;
  /** Whether its events are held for now instead of routed. */
  readonly holdsEvents: boolean;
  /** Which clients it listens to; undefined: all. */
  readonly allows: AddressTest | undefined;
  readonly scheme: CompiledScheme;
  /**
   * The keys that verify at a moment (milliseconds since the epoch). Throws UnavailableError `source_unavailable` when one
   * cannot be opened, since its master key is missing: a 401 would tell a provider that has the secret to give up.
   */
  readonly keysAt: (nowMs: number) => readonly KeyMaterial[];
  readonly toleranceSeconds: number | undefined;
  /** The URL that the sender was given, where it is part of what is signed. */
  readonly url: string | undefined;
  /** Whether a delivery of several events becomes one for each. */
  readonly splitsBatches: boolean;
  /** What the source answers with instead of the hub's own success. */
  readonly response: SourceResponse | undefined;
  readonly rateLimitPerSecond: number;
  readonly bodyLimitBytes: number;
}

/** Sources by id, in memory. */
export type SourceCache = ReadThroughCache<SourceRecord>;

interface LiveKey {
  readonly key: KeyMaterial;
  readonly expiresAtMs: number;
}

// Opens and decodes the secrets when first asked, so that one that cannot be opened fails no other source. Between two
// expiries the answer is the same list, made once.
function keyring(open: () => readonly LiveKey[]): (nowMs: number) => readonly KeyMaterial[] {
  let all: readonly LiveKey[] | undefined;
  let live: readonly KeyMaterial[] = [];
  let liveUntilMs = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    if (nowMs < liveUntilMs) return live;
    all ??= open();
    const remaining = all.filter((each) => each.expiresAtMs > nowMs);
    live = remaining.map((each) => each.key);
    liveUntilMs = Math.min(...remaining.map((each) => each.expiresAtMs));
    return live;
  };
}

/** Makes the cache of sources with their opened secrets, each decoded once instead of at every request. */
export function createSourceCache(services: Services): SourceCache {
  const { clock, signals, settings, secretBox, log } = services;
  const schemeOf = ({ id, provider, verification }: SourceRow): CompiledScheme | undefined => {
    try {
      return schemeOfSource(provider, verification as Verification);
    } catch (err) {
      // It was checked when it was stored, by an older catalogue. It must not stop the others.
      log.warn(
        { unit: "source", sourceId: toWireId("source", id), err },
        "a stored source no longer fits its provider",
      );
      return undefined;
    }
  };

  const open = (row: SourceRow, secret: SourceSecretRow): string => {
    try {
      return openSourceSecret(secretBox, row.project_id, secret);
    } catch (cause) {
      // What it says is for the operator, and this goes to the sender.
      const message = "This source cannot be used at the moment; try again later.";
      throw new UnavailableError("source_unavailable", message, { retryAfterSeconds: 60, cause });
    }
  };

  const openKeys = (row: SourceRow, scheme: CompiledScheme, secrets: readonly SourceSecretRow[]): LiveKey[] =>
    secrets.flatMap((secret): LiveKey[] => {
      const decoded = compileSecret(scheme, open(row, secret));
      if (decoded.ok) return [{ key: decoded.key, expiresAtMs: secret.expires_at?.getTime() ?? Infinity }];
      const sourceId = toWireId("source", row.id);
      log.warn({ unit: "source", sourceId, reason: decoded.message }, "a stored secret no longer fits");
      return [];
    });

  const toRecord = (row: SourceRow, secrets: readonly SourceSecretRow[]): SourceRecord | undefined => {
    const { toleranceSeconds, url, split = false } = row.verification as Verification;
    const scheme = schemeOf(row);
    if (scheme === undefined) return undefined;
    return {
      id: row.id,
      wireId: toWireId("source", row.id),
      projectId: row.project_id,
      name: row.name,
      provider: row.provider,
      enabled: row.enabled,
      holdsEvents: row.intake !== "open",
      allows: row.allowed_ips === null ? undefined : compileAddressList(row.allowed_ips),
      scheme,
      keysAt: keyring(() => openKeys(row, scheme, secrets)),
      toleranceSeconds,
      url,
      splitsBatches: split,
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
    const known = rows.map((row) => row.id);
    const secrets = await selectLiveSourceSecrets(db, known, new Date(clock.now()));
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
