import { randomBytes } from "node:crypto";
import { readdir, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { isSameProcess } from "../../src/platform/process-identity.ts";

/** The one Postgres of a test run. */
export interface TestServer {
  /** To the database `postgres`, as a user who may create databases. */
  readonly connectionString: string;
  /** Stops it and removes its files; leaves a server alone that was here before. */
  stop(): Promise<void>;
}

const directoryName = /^hookyard-test-(\d+)-/;

// Nothing here has to survive a power loss.
const settings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "300",
  max_wal_size: "128MB",
};
const memory = "/dev/shm";
const neededBytes = 1 << 30;

// In memory where there is enough of it (a container has 64 MB): a clone of the template takes 10 ms there, 200 ms on disk.
async function chooseParent(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(memory);
    return bavail * bsize >= neededBytes ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

function start(dataDir: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, log: createLogger("silent"), settings });
}

async function removeServer(postgres: EmbeddedPostgres, dataDir: string): Promise<void> {
  await postgres.stop();
  for (const directory of [postgres.directory, dataDir]) await rm(directory, { recursive: true, force: true });
}

// What a run that was killed left behind: its server runs on, for nobody. Taking it over is the way to its pid.
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(directoryName.exec(name)?.[1] ?? process.pid);
    const dataDir = join(parent, name);
    if ((await isSameProcess(pid, "")) || (await stat(dataDir)).uid !== process.getuid?.()) continue;
    await removeServer(await start(dataDir), dataDir);
  }
}

/** Starts a throw-away server; `TEST_DATABASE_URL` names one to use instead. */
export async function startTestServer(): Promise<TestServer> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given !== undefined) return { connectionString: given, stop: () => Promise.resolve() };
  const parent = await chooseParent();
  await removeAbandoned(parent);
  const dataDir = join(parent, `hookyard-test-${process.pid}-${randomBytes(4).toString("hex")}`);
  const postgres = await start(dataDir);
  const url = new URL(postgres.connectionString);
  url.pathname = "/postgres";
  return { connectionString: url.href, stop: () => removeServer(postgres, dataDir) };
}
