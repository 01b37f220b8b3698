import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { parseAllowList } from "../lib/denied-addresses.ts";
import { InvalidError } from "../lib/errors.ts";
import { createIdGenerator } from "../lib/ids.ts";
import type { Config } from "./config.ts";
import { type Database, openDatabase } from "./database.ts";
import { ensureDataDirectory } from "./embedded-home.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import type { Logger } from "./logger.ts";
import { checkMasterKeys } from "./master-key-check.ts";
import { readOrCreateMasterKey } from "./master-key-file.ts";
import { type MasterKeys, parseMasterKeys } from "./master-keys.ts";
import { createMetrics } from "./metrics.ts";
import { migrate } from "./migrator.ts";
import { createOutboundHttp } from "./outbound-http.ts";
import { Queue } from "./queue.ts";
import { createSecretBox } from "./secret-box.ts";
import type { Services } from "./services.ts";
import { Signals } from "./signals.ts";

/** What the platform is opened with besides the configuration. */
export interface PlatformOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly publicUrl: () => string;
  readonly version: string;
  /** Whether this process does pg-boss' maintenance. */
  readonly supervise: boolean;
}

/** The services, and the way to give them back. */
export interface Platform {
  readonly services: Services;
  readonly masterKeys: MasterKeys;
  /** Closes everything in the reverse order of its opening. */
  close(): Promise<void>;
}

async function loadMasterKeys(config: Config, log: Logger): Promise<MasterKeys> {
  if (config.masterKey !== undefined) return parseMasterKeys(config.masterKey);
  const file = join(config.dataDir, "master-key");
  if (config.databaseUrl !== undefined)
    log.warn(
      { unit: "start", dataDir: config.dataDir },
      "HOOKYARD_MASTER_KEY is not set: this machine's data directory holds the key. Set it before a second machine joins",
    );
  return parseMasterKeys(await readOrCreateMasterKey(file), file);
}

/** The database's address: the one that is configured, or that of the embedded Postgres, which is started for it. */
export async function openPostgres(
  { databaseUrl, dataDir }: Config,
  log: Logger,
): Promise<{ readonly connectionString: string; readonly stop: () => Promise<void> }> {
  if (databaseUrl !== undefined) return { connectionString: databaseUrl, stop: () => Promise.resolve() };
  const embedded = await startEmbeddedPostgres({ dataDir, log });
  return { connectionString: embedded.connectionString, stop: async () => await embedded.stop() };
}

async function analyze(db: Database): Promise<void> {
  // A table that was never analyzed sorts its whole backlog on fetch.
  for (const table of ["pgboss.job", "tasks", "deliveries", "messages", "events", "event_keys"])
    await db.query({ text: `ANALYZE ${table}` }, []);
}

/** Starts or connects to Postgres, brings both schemas up to date, and makes the services that every verb uses. */
export async function openPlatform(config: Config, options: PlatformOptions): Promise<Platform> {
  const { log, clock } = options;
  const { allow, errors } = parseAllowList(config.deliveryAllow);
  if (errors.length > 0)
    throw new InvalidError(
      `HOOKYARD_DELIVERY_ALLOW is not valid: ${errors.join("; ")}`,
      errors.map((message) => ({ path: "HOOKYARD_DELIVERY_ALLOW", message })),
    );

  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed())
      await closer().catch((err: unknown) => log.warn({ unit: "stop", err }, "something did not close cleanly"));
  };
  try {
    await ensureDataDirectory(config.dataDir);
    const masterKeys = await loadMasterKeys(config, log);
    const { connectionString, stop } = await openPostgres(config, log);
    closers.push(stop);
    const db = openDatabase(connectionString, config.database.poolSize, log);
    closers.push(() => db.close());
    const changed = await migrate(db.kysely, "up", log);
    await checkMasterKeys(db, masterKeys);
    const queue = new Queue(connectionString, log, { supervise: options.supervise });
    await queue.start();
    closers.push(() => queue.stop());
    if (changed) await analyze(db);
    const signals = new Signals(connectionString, log);
    await signals.start();
    closers.push(() => signals.stop());
    const outbound = createOutboundHttp({ allow, userAgent: `Hookyard/${options.version}` });
    closers.push(() => outbound.close());
    const metrics = createMetrics();
    metrics.gauge(
      "hookyard_database_waiting",
      "Callers waiting for a database connection.",
      () => db.pressure().waiting,
    );
    const services: Services = {
      db,
      queue,
      signals,
      clock,
      newId: createIdGenerator(clock),
      secretBox: createSecretBox(masterKeys),
      settings: config,
      metrics,
      outbound,
      publicUrl: options.publicUrl,
      log,
    };
    return { services, masterKeys, close };
  } catch (error) {
    await close();
    throw error;
  }
}
