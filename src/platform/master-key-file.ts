import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { generateMasterKey, parseMasterKeys } from "./master-keys.ts";
import { readOrCreateFile } from "./read-or-create-file.ts";

/**
 * The master key text that the file at `path` holds, for `parseMasterKeys`; makes the file (mode 0600) when there is none.
 * Any number of processes may call it at once: all get the same key. Throws InvalidError naming the file when its content
 * is not a master key; it never replaces a file that exists, because that would make every sealed secret unreadable.
 */
export async function readOrCreateMasterKey(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const text = (await readOrCreateFile(path, () => `${generateMasterKey()}\n`)).trim();
  parseMasterKeys(text, path);
  return text;
}
