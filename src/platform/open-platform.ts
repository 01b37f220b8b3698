import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { parseAllowList } from "../lib/denied-addresses.ts";
import { ConflictError, HubError, InvalidError, UnavailableError } from "../lib/errors.ts";
import { createIdGenerator } from "../lib/ids.ts";
import { openArtifactContents } from "./artifact-contents.ts";
import type { Config } from "./config.ts";
import { type Database, openDatabase } from "./database.ts";
import { ensureDataDirectory } from "./embedded-home.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import type { Logger } from "./logger.ts";
import { checkMasterKeys } from "./master-key-check.ts";
import { readOrCreateMasterKey } from "./master-key-file.ts";
import { type MasterKeys, parseMasterKeys } from "./master-keys.ts";
import { originKeysOf } from "./origin-keys.ts";
import { createMetrics } from "./metrics.ts";
import { migrate } from "./migrator.ts";
import { createOutboundHttp } from "./outbound-http.ts";
import { Queue } from "./queue.ts";
import { createSecretBox } from "./secret-box.ts";
import type { Services } from "./services.ts";
import { Signals } from "./signals.ts";
import { visitEmbeddedPostgres } from "./visit-embedded-postgres.ts";
import { waitForDatabase } from "./wait-for-database.ts";

/** How a start comes by its database. */
interface PostgresOptions {
  /** Calls the start off. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the embedded Postgres of a hub that runs on the data directory will do. */
  readonly visit?: boolean;
}

/** What the platform is opened with besides the configuration. */
export interface PlatformOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly publicUrl: () => string;
  readonly version: string;
  /** Whether this process does pg-boss' maintenance. */
  readonly supervise: boolean;
  readonly postgres?: PostgresOptions;
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
  try {
    await ensureDataDirectory(config.dataDir);
    return parseMasterKeys(await readOrCreateMasterKey(file), file);
  } catch (error) {
    if (error instanceof HubError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UnavailableError(
      "data_directory_unusable",
      `The data directory ${config.dataDir} cannot be used: ${why}. Set HOOKYARD_MASTER_KEY, or HOOKYARD_DATA_DIR to one that can.`,
      { cause: error },
    );
  }
}

/** A Postgres that takes connections, and the way to give it back. */
interface OpenPostgres {
  readonly connectionString: string;
  readonly stop: () => Promise<void>;
}

/** The database that is configured, once it is up, or the embedded Postgres, which is started for it. */
export async function openPostgres(
  { databaseUrl, dataDir, database }: Config,
  log: Logger,
  { signal, visit = false }: PostgresOptions = {},
): Promise<OpenPostgres> {
  const leaveRunning = (): Promise<void> => Promise.resolve();
  if (databaseUrl !== undefined) {
    await waitForDatabase(databaseUrl, { seconds: database.startWaitSeconds, log, signal });
    return { connectionString: databaseUrl, stop: leaveRunning };
  }
  try {
    return await startEmbeddedPostgres({ dataDir, log });
  } catch (error) {
    if (!visit || !(error instanceof ConflictError)) throw error;
    return { connectionString: await visitEmbeddedPostgres(dataDir, log), stop: leaveRunning };
  }
}

async function analyze(db: Database): Promise<void> {
  // A table that was never analyzed sorts its whole backlog on fetch.
  for (const table of ["pgboss.job", "tasks", "deliveries", "messages", "events", "event_keys"])
    await db.query({ text: `ANALYZE ${table}` }, []);
}

/** Starts or connects to Postgres, brings both schemas up to date, and makes the services that every verb uses. */
export async function openPlatform(config: Config, options: PlatformOptions): Promise<Platform> {
  const { log, clock, postgres = {} } = options;
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
    const masterKeys = await loadMasterKeys(config, log);
    const { connectionString, stop } = await openPostgres(config, log, postgres);
    closers.push(stop);
    postgres.signal?.throwIfAborted();
    const db = openDatabase(connectionString, config.database.poolSize, log);
    closers.push(() => db.close());
    const changed = await migrate(db.kysely, "up", log);
    await checkMasterKeys(db, masterKeys);
    const queue = new Queue(connectionString, log, { supervise: options.supervise });
    closers.push(() => queue.stop());
    await queue.start();
    if (changed) await analyze(db);
    const signals = new Signals(connectionString, log);
    closers.push(() => signals.stop());
    await signals.start();
    postgres.signal?.throwIfAborted();
    const { allowHttp, allowedPorts: ports, proxyUrl } = config.outbound;
    const outbound = createOutboundHttp({
      allow,
      policy: { allowHttp, ports },
      proxyUrl: proxyUrl ?? undefined,
      userAgent: `Hookyard/${options.version}`,
    });
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
      originKeys: originKeysOf(masterKeys),
      contents: openArtifactContents(config, clock),
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
