import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { generateMasterKey, parseMasterKeys } from "./master-keys.ts";

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

async function readMasterKey(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, "utf8")).trim();
    parseMasterKeys(text, path);
    return text;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

// A lost key makes every sealed secret unreadable: the name must be on disk before anything is sealed.
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * The master key text that the file at `path` holds, for `parseMasterKeys`; makes the file (mode 0600) when there is none.
 * Any number of processes may call it at once: all get the same key. Throws InvalidError naming the file when its content
 * is not a master key; it never replaces a file that exists.
 */
export async function readOrCreateMasterKey(path: string): Promise<string> {
  const existing = await readMasterKey(path);
  if (existing !== undefined) return existing;
  await mkdir(dirname(path), { recursive: true });
  // Written apart and then linked: link() fails where a file exists, and a reader never sees half a key, as it would
  // between an exclusive open() and its write().
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${generateMasterKey()}\n`, { flag: "wx", mode: 0o600, flush: true });
    await link(draft, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const key = await readMasterKey(path);
  if (key === undefined) throw new Error(`The master key file ${path} vanished while it was being made`);
  return key;
}
