import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";

/** A signing secret in the clear, or undefined when it cannot be opened, and until when it signs. */
interface LiveSecret {
  readonly secret: string | undefined;
  readonly expiresAt: Date | undefined;
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
  /** Newest first. */
  readonly secrets: readonly LiveSecret[];
  /** Switched off, or deleted. */
  readonly disabled: boolean;
}

/** Endpoints by id, in memory. */
export type EndpointCache = ReadThroughCache<EndpointRecord>;

/** Makes the cache of endpoints with their opened secrets. */
export function createEndpointCache(services: Services): EndpointCache {
  const { clock, signals, secretBox, settings, log } = services;

  // One endpoint's secret must not keep the others of a batch from theirs.
  const open = (endpoint: { id: string; project_id: string }, id: string, sealed: Buffer): string | undefined => {
    try {
      const binding = { projectId: endpoint.project_id, object: "endpoint_secret", id, version: 1 } as const;
      return secretBox.open(binding, sealed).toString();
    } catch (err) {
      const endpointId = toWireId("endpoint", endpoint.id);
      log.error({ unit: "delivery", endpointId, err }, "an endpoint's secret cannot be opened; rotate it");
      return undefined;
    }
  };

  const load = async (db: Executor, ids: readonly string[]): Promise<Map<string, EndpointRecord>> => {
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
    const secretsOf = Map.groupBy(secrets, (secret) => secret.endpoint_id);
    return new Map(
      rows.map((row): [string, EndpointRecord] => {
        const live = (secretsOf.get(row.id) ?? []).map(({ id, sealed, expires_at }): LiveSecret => ({
          secret: open(row, id, sealed),
          expiresAt: expires_at ?? undefined,
        }));
        const record: EndpointRecord = {
          id: row.id,
          projectId: row.project_id,
          wireId: toWireId("endpoint", row.id),
          projectWireId: toWireId("project", row.project_id),
          url: row.url,
          headers: row.headers,
          timeoutMs: (row.timeout_seconds ?? settings.deliveries.timeoutSeconds) * 1000,
          concurrency: row.concurrency ?? settings.deliveries.endpointConcurrency,
          scheduleSeconds: row.retry_schedule_seconds ?? settings.deliveries.retryScheduleSeconds,
          secrets: live,
          disabled: row.disabled || row.deleted_at !== null,
        };
        return [row.id, record];
      }),
    );
  };
  return new ReadThroughCache({ clock, signals, topic: "endpoints", load, maxEntries: 10_000 });
}

/**
 * The secrets that sign at this moment (milliseconds since the epoch), newest first. Throws when there is none, or one
 * cannot be opened: its receiver may know only that one, and could not tell the message from a forged one.
 */
export function liveSecrets(endpoint: EndpointRecord, nowMs: number): string[] {
  const live = endpoint.secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt.getTime() > nowMs);
  if (live.length === 0) throw new Error("the endpoint has no secret");
  return live.map(({ secret }) => {
    if (secret === undefined) throw new Error("a secret of the endpoint cannot be opened");
    return secret;
  });
}
