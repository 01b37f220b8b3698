import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { UnavailableError } from "../lib/errors.ts";
import { binaryPath, type EmbeddedBinaries } from "./embedded-binaries.ts";
import type { EmbeddedHome } from "./embedded-home.ts";
import type { Logger } from "./logger.ts";
import { readFileIfPresent, readOrCreateFile, syncDirectory } from "./read-or-create-file.ts";

const run = promisify(execFile);

/** The server's superuser, and the name of the hub's database. */
export const embeddedName = "hookyard";

/** The environment of the server's programs: nothing of the hub's, whose variables hold its keys. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "SystemRoot", "TEMP", "TMP"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  // macOS: without LC_ALL the server becomes multithreaded during start, and gives up.
  return { ...Object.fromEntries(kept), LC_ALL: "C", TZ: "UTC" };
}

async function readMajorVersion(cluster: string): Promise<string | undefined> {
  return (await readFileIfPresent(join(cluster, "PG_VERSION")))?.trim();
}

// An error tells apart "no such directory" and "not ours to read"; a directory that is empty is as good as none.
async function isEmpty(directory: string): Promise<boolean> {
  return (await readdir(directory).catch(() => [])).length === 0;
}

async function runInitdb(
  home: EmbeddedHome,
  binaries: EmbeddedBinaries,
  password: string,
  sync: boolean,
): Promise<void> {
  const { runUser, cluster, directory } = home;
  const draft = await mkdtemp(join(directory, "postgres.init-"));
  const data = join(draft, "data");
  const passwordFile = join(draft, "password");
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (runUser.uid !== undefined && runUser.gid !== undefined)
      for (const path of [passwordFile, draft]) await chown(path, runUser.uid, runUser.gid);
    const options = [
      `--pgdata=${data}`,
      `--username=${embeddedName}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // Postgres' own C.UTF-8 sorts alike on every machine and survives an upgrade of libc.
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--set=timezone=UTC",
      "--set=log_timezone=UTC",
      ...(sync ? [] : ["--no-sync"]),
    ];
    // "/": initdb fails in a working directory that its user cannot enter.
    await run(binaryPath(binaries, "initdb"), options, { cwd: "/", env: serverEnvironment(), ...runUser });
    await rename(data, cluster);
    await syncDirectory(directory);
  } finally {
    await rm(draft, { recursive: true, force: true, maxRetries: 5 });
  }
}

function passwordPath(home: EmbeddedHome): string {
  return join(home.directory, "postgres-password");
}

/** The superuser's password. Throws UnavailableError when the file that holds it is gone. */
export async function readPassword(home: EmbeddedHome): Promise<string> {
  const password = await readFileIfPresent(passwordPath(home));
  if (password !== undefined) return password.trim();
  throw new UnavailableError(
    "embedded_postgres_password",
    `${passwordPath(home)} is missing, so nobody can log in to the data in ${home.cluster}: put it back, or move that directory away to begin anew.`,
  );
}

/**
 * Makes the cluster if there is none; `sync: false` leaves it to the system when it reaches the disk. initdb works beside
 * the cluster's place and the result is renamed to it, so that what is there is whole; what an interrupted one left is
 * removed, and a directory that is no cluster is moved aside, never removed. Throws UnavailableError when initdb fails, or
 * the cluster is of another Postgres version. Call it only while holding the home's lock.
 */
export async function ensureCluster(
  home: EmbeddedHome,
  binaries: EmbeddedBinaries,
  { sync, log }: { readonly sync: boolean; readonly log: Logger },
): Promise<void> {
  const { cluster, directory } = home;
  const major = binaries.version.split(".")[0];
  const present = await readMajorVersion(cluster);
  const control = await readFileIfPresent(join(cluster, "global", "pg_control"));
  if (present !== undefined && control !== undefined) {
    if (present === major) return;
    throw new UnavailableError(
      "embedded_postgres_version",
      `The data in ${cluster} was written by Postgres ${present}, and this hub brings Postgres ${major}: dump it with the older version, or set DATABASE_URL to a Postgres ${present}.`,
    );
  }
  for (const name of await readdir(directory))
    if (name.startsWith("postgres.init-"))
      await rm(join(directory, name), { recursive: true, force: true, maxRetries: 5 });
  if (!(await isEmpty(cluster))) {
    const aside = `${cluster}.incomplete-${randomBytes(4).toString("hex")}`;
    await rename(cluster, aside);
    log.warn({ unit: "postgres", dataDir: aside }, `${cluster} was no complete Postgres cluster: moved to ${aside}`);
  }
  try {
    // Made once, and before the cluster, so that no cluster is ever without it. Only the hub's user may read it.
    const password = await readOrCreateFile(passwordPath(home), () => randomBytes(24).toString("hex"));
    await runInitdb(home, binaries, password.trim(), sync);
  } catch (error) {
    throw new UnavailableError(
      "embedded_postgres_failed",
      `Postgres could not be set up in ${directory}: ${String(error)}`,
      {
        cause: error,
      },
    );
  }
}
