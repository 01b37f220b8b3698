import { opendir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasErrorCode } from "../../platform/read-or-create-file.ts";
import { isSessionName } from "./session-directory.ts";

async function* directoriesIn(path: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(path))
      if (entry.isDirectory() && isSessionName(entry.name)) yield join(path, entry.name);
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw error;
  }
}

// SESSION.json is written anew whenever a task of the session begins or ends.
async function lastUsedMs(session: string): Promise<number> {
  try {
    return (await stat(join(session, "SESSION.json"))).mtimeMs;
  } catch {
    return (await stat(session)).mtimeMs;
  }
}

/**
 * Removes the directories of sessions below `root` that no task has used since a moment (milliseconds since the epoch, on the
 * machine's clock, as the times of files are). Answers how many. What a session links to outside of it stays.
 */
export async function removeOldSessions(root: string, sinceMs: number): Promise<number> {
  let removed = 0;
  for await (const project of directoriesIn(root))
    for await (const session of directoriesIn(project)) {
      if ((await lastUsedMs(session)) >= sinceMs) continue;
      await rm(session, { recursive: true, force: true });
      removed += 1;
    }
  return removed;
}
