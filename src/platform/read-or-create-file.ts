import { randomUUID } from "node:crypto";
import { link, open, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Whether an error is the system's `code`, e.g. `ENOENT`. */
export function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** The file's text, or undefined when there is no such file. */
export async function readFileIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Puts the names in a directory on disk: without it a power loss may take back a rename whose file was synced. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory.
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Makes a file (mode 0600) with this text; returns false when there was one already, which stays as it is. Of any number
 * of processes that call it at once, one gets true, and none ever reads half a text: it is written apart and then linked.
 */
export async function createFile(path: string, text: string): Promise<boolean> {
  const draft = `${path}.draft-${randomUUID()}`;
  try {
    await writeFile(draft, text, { flag: "wx", mode: 0o600, flush: true });
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** The file's text; made from `makeText` (mode 0600) when there is none. Concurrent callers all get the same text. */
export async function readOrCreateFile(path: string, makeText: () => string): Promise<string> {
  const existing = await readFileIfPresent(path);
  if (existing !== undefined) return existing;
  if (await createFile(path, makeText())) await syncDirectory(dirname(path));
  return await readFile(path, "utf8");
}
