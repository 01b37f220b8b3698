import { randomBytes } from "node:crypto";
import { access, chmod, mkdir, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UnavailableError } from "../lib/errors.ts";
import { canEnter, chooseRunUser, isRoot, type RunUser } from "./embedded-run-user.ts";
import type { Logger } from "./logger.ts";
import { readFileIfPresent, readOrCreateFile } from "./read-or-create-file.ts";

/** Where root puts what `postgres` cannot reach elsewhere. */
export const sharedDirectory = "/var/lib/hookyard";

/** Where the embedded server's files are, and who runs it. */
export interface EmbeddedHome {
  /** The hub's own: lock, password, log; `cluster` is below it. */
  readonly directory: string;
  /** Postgres' data directory, which belongs to `runUser`. */
  readonly cluster: string;
  readonly runUser: RunUser;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes the hub's data directory, with its parents, if it is missing. Root's is passable for others (not readable), since
 * Postgres runs as another user below it, whatever the umask: one of 077 would lock it out. Files in it are to be 0600.
 */
export async function ensureDataDirectory(dataDir: string): Promise<void> {
  const first = await mkdir(resolve(dataDir), { recursive: true, mode: 0o700 });
  if (first === undefined || !isRoot()) return;
  for (let path = resolve(dataDir); path.startsWith(first); path = dirname(path)) await chmod(path, 0o711);
}

/**
 * Decides where the server of this data directory lives: in it, or, when the hub is root and Postgres' user cannot get there
 * (a clone below /root), below `/var/lib/hookyard`. The decision is written down in the data directory, so that later
 * starts find the same data, moving the directory takes the data along, and a removed directory is a fresh start.
 * Throws UnavailableError when there is data that its user cannot reach any more.
 */
export async function chooseEmbeddedHome(requestedDir: string, log: Logger): Promise<EmbeddedHome> {
  await ensureDataDirectory(requestedDir);
  const dataDir = await realpath(requestedDir);
  const cluster = join(dataDir, "postgres");
  const locationFile = join(dataDir, "postgres-location");
  const located = await readFileIfPresent(locationFile);
  if (located === undefined) {
    const runUser = await chooseRunUser(cluster);
    if (await canEnter(runUser, dataDir)) return { directory: dataDir, cluster, runUser };
    if (await exists(cluster))
      throw new UnavailableError(
        "embedded_postgres_unreachable",
        `The user with id ${runUser.uid}, who runs Postgres, cannot enter ${dataDir} any more: make it and its parents passable (chmod o+x), or set DATABASE_URL or HOOKYARD_DATA_DIR.`,
      );
  }
  const makeLocation = (): string => `${join(sharedDirectory, `data-${randomBytes(6).toString("hex")}`)}\n`;
  const directory = (await readOrCreateFile(locationFile, makeLocation)).trim();
  await ensureDataDirectory(directory);
  const runUser = await chooseRunUser(join(directory, "postgres"));
  log.info(
    { unit: "postgres", dataDir: directory, requestedDir: dataDir },
    `Postgres does not run as root, and its user cannot enter ${dataDir}: the data is in ${directory}`,
  );
  return { directory, cluster: join(directory, "postgres"), runUser };
}
