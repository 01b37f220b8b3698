import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Contents on disk, each once, under its own hash. Hashes are SHA-256 in hexadecimal. */
export interface ContentFiles {
  /** Writes a content so that it outlives a crash, at this moment (a date that `remove` looks at). */
  write(sha256: string, content: Buffer, now: Date): Promise<void>;
  /** Undefined when there is none. */
  read(sha256: string): Promise<Buffer | undefined>;
  /** Removes a content, unless it was written after this moment. */
  remove(sha256: string, until: Date): Promise<boolean>;
  /** The hashes of what was written until then, some at a time. What half-done writes of before then left is removed. */
  list(until: Date): AsyncIterable<readonly string[]>;
}

const hashForm = /^[0-9a-f]{64}$/;
const folderForm = /^[0-9a-f]{2}$/;

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

async function unlessMissing<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  return await reading.catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

// A name is there after a crash once its folder is.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeFile(file: string, content: Buffer, now: Date): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(content);
    await handle.utimes(now, now);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The contents below a directory, which is made by the first of them. Nothing outside of it is touched: names are hashes. */
export function openContentFiles(directory: string): ContentFiles {
  const folderOf = (sha256: string): string => {
    if (!hashForm.test(sha256)) throw new TypeError("A content is named by its SHA-256 in hexadecimal.");
    return join(directory, sha256.slice(0, 2));
  };
  const fileOf = (sha256: string): string => join(folderOf(sha256), sha256);

  return {
    async write(sha256, content, now) {
      const folder = folderOf(sha256);
      const made = await mkdir(folder, { recursive: true, mode: 0o700 });
      if (made !== undefined) await syncFolder(directory);
      // In the same folder, since a name moves at once only within a file system. Beginning with a dot, it is no content.
      const unfinished = join(folder, `.${randomUUID()}`);
      try {
        await writeFile(unfinished, content, now);
        await rename(unfinished, fileOf(sha256));
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
      await syncFolder(folder);
    },

    read: (sha256) => unlessMissing(readFile(fileOf(sha256))),

    async remove(sha256, until) {
      // Taken away before it is looked at: a write may put the same content there meanwhile, and that one must stay.
      const aside = join(folderOf(sha256), `.${randomUUID()}`);
      const found = await unlessMissing(rename(fileOf(sha256), aside).then(() => stat(aside)));
      if (found === undefined) return false;
      if (found.mtime > until) {
        await rename(aside, fileOf(sha256));
        return false;
      }
      await rm(aside, { force: true });
      return true;
    },

    async *list(until) {
      for (const name of ((await unlessMissing(readdir(directory))) ?? []).filter((each) => folderForm.test(each))) {
        const folder = join(directory, name);
        const old: string[] = [];
        for (const file of (await unlessMissing(readdir(folder))) ?? []) {
          const found = await unlessMissing(stat(join(folder, file)));
          if (found === undefined || found.mtime > until) continue;
          if (file.startsWith(".")) await rm(join(folder, file), { force: true });
          else if (hashForm.test(file)) old.push(file);
        }
        if (old.length > 0) yield old;
      }
    },
  };
}
