import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";
import type { ClientIdentity } from "../platform/open-outbound-socket.ts";
import { credentialBinding } from "./credential-binding.ts";
import { type CredentialRow, selectCredentials } from "./credential-store.ts";
import type { ClientCertificate, Oauth2Credentials } from "./endpoint-credentials.ts";
import { publicKeyOf } from "./endpoint-key.ts";
import { type RetryOptions, retryOf, scheduleOf } from "./endpoint-retry.ts";
import { type EndpointSigning, type ResolvedSigning, resolveSigning } from "./endpoint-signing.ts";
import type { EndpointSecretRow } from "./store.ts";

// API.md promises ±20 % on every retry.
const defaultJitter = 0.2;

/** A signing secret or key in the clear, or undefined when it cannot be opened, and until when it signs. */
interface LiveSecret<Secret> {
  readonly secret: Secret | undefined;
  readonly expiresAt: Date | undefined;
}

/** An Ed25519 key of an endpoint. */
interface EndpointKey {
  readonly privateKey: KeyObject;
  /** As receivers know it: `whpk_…`. */
  readonly publicKey: string;
}

/** What the pump needs of an endpoint, its limits resolved against the settings. Holds secrets: never log it. */
export interface EndpointRecord {
  readonly id: string;
  readonly projectId: string;
  /** Both ids as they are shown, made once for all log lines. */
  readonly wireId: string;
  readonly projectWireId: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Requests under way at once from one process. */
  readonly concurrency: number;
  readonly scheduleSeconds: readonly number[];
  /** By how much a wait may be shorter or longer, as a part of it. */
  readonly jitter: number;
  /** How long after the first try the last one may begin. */
  readonly retryWindowMs: number | undefined;
  readonly ratePerSecond: number | undefined;
  /** Until when a process leaves it alone because it fails; may be past. */
  readonly breakerUntil: Date | undefined;
  /** Newest first. */
  readonly secrets: readonly LiveSecret<string>[];
  /** Newest first. */
  readonly keys: readonly LiveSecret<EndpointKey>[];
  readonly signing: ResolvedSigning;
  /** What tokens are got with; "unreadable" when it cannot be opened. */
  readonly oauth2: Oauth2Credentials | "unreadable" | undefined;
  /** What its TLS connections show; "unreadable" when it cannot be opened. */
  readonly identity: ClientIdentity | "unreadable" | undefined;
  /** Switched off, or deleted. */
  readonly disabled: boolean;
  readonly deleted: boolean;
}

/** Endpoints by id, in memory. */
export type EndpointCache = ReadThroughCache<EndpointRecord>;

type LoadEndpoints = (db: Executor, ids: readonly string[]) => Promise<Map<string, EndpointRecord>>;

/** Makes the cache of endpoints with their opened secrets. */
export function createEndpointCache(services: Services): EndpointCache {
  const { clock, signals } = services;
  return new ReadThroughCache({
    clock,
    signals,
    topic: "endpoints",
    load: endpointLoader(services),
    maxEntries: 10_000,
  });
}

/** Reads endpoints with their secrets, and opens these. */
export function endpointLoader({ secretBox, settings, log }: Services): LoadEndpoints {
  // One endpoint's secret must not keep the others of a batch from theirs.
  const open = <Secret>(
    endpoint: { readonly id: string; readonly project_id: string },
    { id, sealed, expires_at }: EndpointSecretRow,
    read: (opened: Buffer) => Secret,
  ): LiveSecret<Secret> => {
    const expiresAt = expires_at ?? undefined;
    try {
      const binding = { projectId: endpoint.project_id, object: "endpoint_secret", id, version: 1 } as const;
      return { secret: read(secretBox.open(binding, sealed)), expiresAt };
    } catch (err) {
      const endpointId = toWireId("endpoint", endpoint.id);
      log.error({ unit: "delivery", endpointId, err }, "an endpoint's secret cannot be opened; rotate it");
      return { secret: undefined, expiresAt };
    }
  };

  const credentialOf = <Credential>(
    endpoint: { readonly id: string; readonly project_id: string },
    rows: readonly CredentialRow[],
    kind: "oauth2" | "client_certificate",
    read: (opened: string, version: number) => Credential,
  ): Credential | "unreadable" | undefined => {
    const row = rows.find((each) => each.endpoint_id === endpoint.id && each.kind === kind);
    if (row === undefined) return undefined;
    const { version, sealed } = row;
    try {
      const binding = credentialBinding({ projectId: endpoint.project_id, endpointId: endpoint.id, kind, version });
      return read(secretBox.open(binding, sealed).toString(), version);
    } catch (err) {
      const endpointId = toWireId("endpoint", endpoint.id);
      log.error({ unit: "delivery", endpointId, err }, "an endpoint's credentials cannot be opened; set them again");
      return "unreadable";
    }
  };

  const identityIn =
    (endpointId: string) =>
    (text: string, version: number): ClientIdentity => ({
      ...(JSON.parse(text) as ClientCertificate),
      id: `${endpointId}:${version}`,
    });

  return async (db, ids) => {
    const rows = await db.kysely
      .selectFrom("endpoints")
      .selectAll()
      .where("id", "in", [...ids])
      .execute();
    const secrets = await db.kysely
      .selectFrom("endpoint_secrets")
      .selectAll()
      .where("endpoint_id", "in", [...ids])
      .orderBy("id", "desc")
      .execute();
    const breakers = await db.kysely
      .selectFrom("endpoint_health")
      .select(["endpoint_id", "breaker_until"])
      .where("endpoint_id", "in", [...ids])
      .where("breaker_until", "is not", null)
      .execute();
    const breakerOf = new Map(breakers.map((row) => [row.endpoint_id, row.breaker_until]));
    const withCredentials = rows.filter((row) => row.credentials !== null).map((row) => row.id);
    const credentials = await selectCredentials(db, withCredentials);
    const secretsOf = Map.groupBy(secrets, (secret) => secret.endpoint_id);
    return new Map(
      rows.map((row): [string, EndpointRecord] => {
        const own = secretsOf.get(row.id) ?? [];
        const signing = row.signing as EndpointSigning | null;
        const retry = retryOf(row.retry_schedule_seconds, row.retry_options as RetryOptions | null);
        const record: EndpointRecord = {
          id: row.id,
          projectId: row.project_id,
          wireId: toWireId("endpoint", row.id),
          projectWireId: toWireId("project", row.project_id),
          url: row.url,
          headers: row.headers,
          timeoutMs: (row.timeout_seconds ?? settings.deliveries.timeoutSeconds) * 1000,
          concurrency: row.concurrency ?? settings.deliveries.endpointConcurrency,
          scheduleSeconds:
            retry?.scheduleSeconds ??
            (retry?.exponential === undefined
              ? settings.deliveries.retryScheduleSeconds
              : scheduleOf(retry.exponential)),
          jitter: retry?.jitter ?? defaultJitter,
          retryWindowMs: retry?.windowSeconds === undefined ? undefined : retry.windowSeconds * 1000,
          ratePerSecond: row.rate_limit_per_second ?? undefined,
          breakerUntil: breakerOf.get(row.id) ?? undefined,
          secrets: own.filter(({ kind }) => kind === "hmac").map((secret) => open(row, secret, String)),
          keys:
            signing?.ed25519 === true
              ? own.filter(({ kind }) => kind === "ed25519").map((key) => open(row, key, readKey))
              : [],
          signing: resolveSigning(signing),
          oauth2: credentialOf(row, credentials, "oauth2", (text) => JSON.parse(text) as Oauth2Credentials),
          identity: credentialOf(row, credentials, "client_certificate", identityIn(row.id)),
          disabled: row.disabled || row.deleted_at !== null,
          deleted: row.deleted_at !== null,
        };
        return [row.id, record];
      }),
    );
  };
}

function readKey(opened: Buffer): EndpointKey {
  const privateKey = createPrivateKey({ key: opened, type: "pkcs8", format: "der" });
  return { privateKey, publicKey: publicKeyOf(createPublicKey(privateKey)) };
}

function liveOf<Secret>(secrets: readonly LiveSecret<Secret>[], nowMs: number): Secret[] {
  const live = secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt.getTime() > nowMs);
  return live.map(({ secret }) => {
    if (secret === undefined) throw new Error("a secret of the endpoint cannot be opened");
    return secret;
  });
}

/**
 * The secrets that sign at this moment (milliseconds since the epoch), newest first. Throws when there is none, or one
 * cannot be opened: its receiver may know only that one, and could not tell the message from a forged one.
 */
export function liveSecrets(endpoint: EndpointRecord, nowMs: number): string[] {
  const live = liveOf(endpoint.secrets, nowMs);
  if (live.length === 0) throw new Error("the endpoint has no secret");
  return live;
}

/** The Ed25519 keys that sign at this moment, newest first. Throws when one cannot be opened. */
export function liveKeys(endpoint: EndpointRecord, nowMs: number): EndpointKey[] {
  return liveOf(endpoint.keys, nowMs);
}
