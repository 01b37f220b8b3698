import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { HubError, UnavailableError } from "../lib/errors.ts";
import { type EmbeddedBinaries, ensureRunnable, locateBinaries } from "./embedded-binaries.ts";
import { embeddedName, ensureCluster, readPassword } from "./embedded-cluster.ts";
import { chooseEmbeddedHome, type EmbeddedHome, sharedDirectory } from "./embedded-home.ts";
import { launchServer } from "./embedded-launch.ts";
import {
  askToShutDown,
  type EmbeddedServer,
  findServer,
  readPidFile,
  stopServer,
  waitUntilReady,
} from "./embedded-server.ts";
import { lockDirectory } from "./lock-directory.ts";
import type { Logger } from "./logger.ts";

// For two cores and a few hundred MB; what is not here is Postgres' default, synchronous commit above all.
const defaultSettings = {
  max_connections: "100",
  shared_buffers: "128MB",
  unix_socket_directories: "",
  logging_collector: "off",
  log_checkpoints: "off",
} as const;

// 20 s in all: a killed server's child that is busy in a statement notices only when it is done with it.
const startAttempts = 80;
const startPauseMs = 250;

/** A running server that this process alone owns. */
export interface EmbeddedPostgres {
  /** The hub's own database, as superuser. It holds the password: not for the log. */
  readonly connectionString: string;
  /** Where the data, the password and the server's log are. */
  readonly directory: string;
  /** Whether the server was left running by a hub that died, rather than started now. */
  readonly adopted: boolean;
  /** Stops the server, waits until it is gone, and gives up the directory. Close the connections before. */
  stop(): Promise<void>;
}

/** `settings` are Postgres settings that replace the hub's, for this start. */
interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly log: Logger;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Where a server's database is; the hub's own when none is named. */
export function connectionString(
  server: Pick<EmbeddedServer, "port">,
  password: string,
  database: string = embeddedName,
): string {
  return `postgres://${embeddedName}:${password}@127.0.0.1:${server.port}/${database}`;
}

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function stopAndUnlock(
  server: EmbeddedServer,
  binaries: EmbeddedBinaries,
  unlock: () => Promise<void>,
): Promise<void> {
  try {
    await stopServer(server, binaries);
  } finally {
    await unlock();
  }
}

async function ensureDatabase(server: EmbeddedServer, password: string): Promise<void> {
  try {
    await withClient(connectionString(server, password), () => Promise.resolve());
  } catch (error) {
    // 3D000: no such database.
    if (!(error instanceof pg.DatabaseError) || error.code !== "3D000") throw error;
    await withClient(connectionString(server, password, "postgres"), (client) =>
      client.query(`CREATE DATABASE ${embeddedName}`),
    );
  }
}

/** Whether a server takes our password and works in our cluster: it reads the same postmaster.pid there as we do. */
export async function isOurs(
  server: Pick<EmbeddedServer, "port">,
  home: EmbeddedHome,
  password: string,
): Promise<boolean> {
  try {
    const { rows } = await withClient(connectionString(server, password, "postgres"), (client) =>
      client.query<{ text: string }>("SELECT pg_read_file('postmaster.pid') AS text"),
    );
    return rows[0]?.text === (await readPidFile(home))?.text;
  } catch {
    return false;
  }
}

// The server that a hub which was killed left on this cluster: taken over when it can be used, stopped when it cannot.
async function adoptServer(
  home: EmbeddedHome,
  binaries: EmbeddedBinaries,
  password: string,
): Promise<EmbeddedServer | undefined> {
  const orphan = await findServer(home);
  if (orphan === undefined) return undefined;
  const server = await waitUntilReady(home, orphan);
  if (server !== undefined && (await isOurs(server, home, password))) return server;
  await stopServer(orphan, binaries);
  return undefined;
}

async function obtainServer(
  home: EmbeddedHome,
  binaries: EmbeddedBinaries,
  password: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ readonly server: EmbeddedServer; readonly adopted: boolean }> {
  for (let attempt = 1; ; attempt += 1) {
    const orphan = await adoptServer(home, binaries, password);
    if (orphan !== undefined) return { server: orphan, adopted: true };
    const launched = await launchServer(home, binaries, settings);
    if ("port" in launched) return { server: launched, adopted: false };
    if (!launched.passing || attempt === startAttempts)
      throw new UnavailableError(
        "embedded_postgres_failed",
        `Postgres in ${home.cluster} did not start:\n${launched.log}`,
      );
    await delay(startPauseMs);
  }
}

async function startLocked(
  home: EmbeddedHome,
  unlock: () => Promise<void>,
  { log, settings }: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const binaries = await ensureRunnable(await locateBinaries(), home.runUser, sharedDirectory, log);
  await ensureCluster(home, binaries, { sync: settings?.["fsync"] !== "off", log });
  const password = await readPassword(home);
  const { server, adopted } = await obtainServer(home, binaries, password, { ...defaultSettings, ...settings });
  try {
    await ensureDatabase(server, password);
  } catch (error) {
    await stopServer(server, binaries);
    throw error;
  }
  const fields = { unit: "postgres", dataDir: home.directory, port: server.port, pid: server.pid, adopted };
  log.info(fields, adopted ? "took over the running embedded Postgres" : "embedded Postgres is up");
  // A hub that ends without stop(), by a second Ctrl-C or an error, shall not leave its server behind.
  const abandon = (): void => askToShutDown(server);
  process.once("exit", abandon);
  const stop = async (): Promise<void> => {
    await stopAndUnlock(server, binaries, unlock);
    process.off("exit", abandon);
  };
  let stopping: Promise<void> | undefined;
  return {
    connectionString: connectionString(server, password),
    directory: home.directory,
    adopted,
    stop: () => (stopping ??= stop()),
  };
}

/**
 * Boots the embedded Postgres on `dataDir`, sets it up on the first start, and takes over the server that a killed hub left
 * running there. One process owns a directory at a time. Throws a HubError: ConflictError `data_directory_in_use` when
 * another live process owns it, else UnavailableError, whose message holds the last lines of the server's log when it
 * failed to start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    const home = await chooseEmbeddedHome(options.dataDir, options.log);
    const unlock = await lockDirectory(home.directory);
    try {
      return await startLocked(home, unlock, options);
    } catch (error) {
      await unlock();
      throw error;
    }
  } catch (error) {
    if (error instanceof HubError) throw error;
    const message = `The embedded Postgres in ${options.dataDir} did not start: ${String(error)}. Set DATABASE_URL or HOOKYARD_DATA_DIR to use another one.`;
    throw new UnavailableError("embedded_postgres_failed", message, { cause: error });
  }
}
