import { randomInt } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ConflictError } from "../lib/errors.ts";
import { isSameProcess, readProcessIdentity } from "./process-identity.ts";
import { createFile, readFileIfPresent } from "./read-or-create-file.ts";

interface Lock {
  readonly path: string;
  readonly generation: number;
  readonly pid: number;
  readonly held: boolean;
}

const lockFile = /^hub\.lock\.(\d+)$/;
const maxRounds = 50;

async function readLock(directory: string, name: string): Promise<Lock | undefined> {
  const path = join(directory, name);
  const text = await readFileIfPresent(path);
  if (text === undefined) return undefined;
  // A text that is no lock was cut short by a power loss: its owner is gone.
  const [, pid = "0", identity = ""] = /^(\d+) (.*)\n$/.exec(text) ?? [];
  const held = pid !== "0" && (await isSameProcess(Number(pid), identity));
  return { path, generation: Number(lockFile.exec(name)?.[1]), pid: Number(pid), held };
}

async function readLocks(directory: string): Promise<Lock[]> {
  const names = (await readdir(directory)).filter((name) => lockFile.test(name));
  const locks = await Promise.all(names.map((name) => readLock(directory, name)));
  return locks.filter((lock) => lock !== undefined);
}

/**
 * Makes this process the only holder of `directory` until the returned function is called or the process ends, however it
 * ends. Throws ConflictError `data_directory_in_use`, naming the holder's pid, while another process (or this one) holds it.
 *
 * Node has no flock, and "remove the dead owner's lock, then make mine" lets a slow starter remove a live lock. So nobody
 * removes a lock to get one: a lock is `hub.lock.<n>`, a newcomer makes n + 1, which only one of several can, and then looks
 * again. Whoever sees another live lock beside its own steps back; of two, at least one does. Only the holder removes
 * dead ones.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const identity = (await readProcessIdentity(process.pid)) ?? "";
  for (let round = 0; round < maxRounds; round += 1) {
    const before = await readLocks(directory);
    const holder = before.find((lock) => lock.held);
    if (holder !== undefined)
      throw new ConflictError(
        "data_directory_in_use",
        `${directory} is in use by hookyard pid ${holder.pid}; stop that one, or set DATABASE_URL or HOOKYARD_DATA_DIR.`,
      );
    const path = join(directory, `hub.lock.${Math.max(0, ...before.map((lock) => lock.generation)) + 1}`);
    if (!(await createFile(path, `${process.pid} ${identity}\n`))) continue;
    const others = (await readLocks(directory)).filter((lock) => lock.path !== path);
    if (!others.some((lock) => lock.held)) {
      await Promise.all(others.map((lock) => rm(lock.path, { force: true })));
      return () => rm(path, { force: true });
    }
    await rm(path, { force: true });
    await delay(randomInt(5, 50));
  }
  throw new ConflictError("data_directory_in_use", `${directory} is wanted by too many hookyard processes at once.`);
}
