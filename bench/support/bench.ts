import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { readCpuSecondsOfFamily } from "./process-usage.ts";
import { Program, type ProgramOptions } from "./program.ts";

// No bench plans for more than 90 s; what takes this long hangs.
const deadlineMs = 180_000;

/** What a bench is given, and what is cleaned up after it however it ends. */
export interface Bench {
  readonly directory: string;
  readonly postgresVersion: string;
  /** The CPU time so far of Postgres, all of its processes. Needs /proc. */
  postgresCpuSeconds(): Promise<number>;
  /** Makes an empty database, or an old one of that name empty, and answers its URL. */
  createDatabase(name: string): Promise<string>;
  /** Removes it, whoever is still connected, and flushes what it left to write, so that the next round does not pay for it. */
  dropDatabase(name: string): Promise<void>;
  startProgram(options: Omit<ProgramOptions, "logFile">): Promise<Program>;
  /** Runs `close` at the end, also of a bench that failed or was interrupted; the last one first. */
  defer(close: () => Promise<void>): void;
}

/** Runs a statement on a connection of its own. */
export async function queryOnce<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

class Closers {
  readonly #closers: (() => Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  add(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  closeAll(): Promise<void> {
    return (this.#closing ??= this.#run());
  }

  async #run(): Promise<void> {
    const errors: unknown[] = [];
    for (const close of this.#closers.toReversed())
      await close().catch((error: unknown) => {
        errors.push(error);
      });
    if (errors.length > 0) throw new AggregateError(errors, "not everything could be cleaned up");
  }
}

// Durability as it comes (fsync and synchronous_commit on): a bench without it measures another product.
async function openBench(closers: Closers): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), "hookyard-bench-"));
  closers.add(() => rm(directory, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({
    dataDir: join(directory, "data"),
    log: createLogger("silent"),
  });
  closers.add(async () => {
    await postgres.stop();
    await rm(postgres.directory, { recursive: true, force: true });
  });
  const server = new URL(postgres.connectionString);
  server.pathname = "/postgres";
  const [about] = await queryOnce<{ version: string; pid: number }>(
    server.href,
    `SELECT current_setting('server_version') AS version, split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`,
  );
  if (about === undefined) throw new Error("Postgres does not say what it is");
  const dropDatabase = async (name: string): Promise<void> => {
    await queryOnce(server.href, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await queryOnce(server.href, "CHECKPOINT");
  };
  return {
    directory,
    postgresVersion: about.version,
    postgresCpuSeconds: () => readCpuSecondsOfFamily(about.pid),
    dropDatabase,
    async createDatabase(name) {
      await dropDatabase(name);
      await queryOnce(server.href, `CREATE DATABASE ${name}`);
      const url = new URL(server);
      url.pathname = `/${name}`;
      return url.href;
    },
    async startProgram(options) {
      const program = await Program.start({ ...options, logFile: join(directory, `${options.name}.log`) });
      closers.add(() => program.stop());
      return program;
    },
    defer: (close) => closers.add(close),
  };
}

/** Runs a bench and cleans up after it, also on Ctrl-C. Ends the process with code 1 when it fails or hangs. */
export async function runBench(work: (bench: Bench) => Promise<void>): Promise<void> {
  const closers = new Closers();
  const abandon = (why: string): void => {
    process.stderr.write(`${why}\n`);
    void closers.closeAll().finally(() => process.exit(1));
  };
  const deadline = setTimeout(() => abandon(`not done after ${deadlineMs / 1000} s`), deadlineMs);
  // A worker or a sender that fails ends the bench, and not without cleaning up.
  process.on("unhandledRejection", (error) =>
    abandon(`failed: ${error instanceof Error ? error.stack : String(error)}`),
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => abandon(`ended by ${signal}`));
  try {
    await work(await openBench(closers));
  } finally {
    clearTimeout(deadline);
    await closers.closeAll();
  }
}
