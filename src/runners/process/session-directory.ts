import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";

/** A directory of a command's session: tasks that have the same session share it. */
export interface SessionDirectory {
  readonly path: string;
  /** Where the whole task stands as JSON. */
  readonly taskFile: string;
  /** What SESSION.json said before; empty when there was none. */
  readonly before: Readonly<Record<string, unknown>>;
  /** EVENTS.jsonl, open at its end. Whoever opened the directory closes it. */
  readonly events: FileHandle;
  /** Replaces SESSION.json at once: a reader sees the old one or the new one. */
  describe(session: object): Promise<void>;
}

// Session ids are the hub's own; whatever else came here must not name a path.
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const maxDescriptionBytes = 1_048_576;

/** Whether this may be the name of a session's directory. */
export function isSessionName(name: string): boolean {
  return nameForm.test(name);
}

// A command may put anything in the place of these files. A link must not be followed out of here, and a pipe that nobody
// reads would hold one of the few threads that all files of the hub go through.
const carefully = constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function readDescription(path: string): Promise<Readonly<Record<string, unknown>>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | carefully);
    const about = await file.stat();
    if (!about.isFile() || about.size > maxDescriptionBytes) return {};
    const value: unknown = JSON.parse(await file.readFile("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // There is none yet, or it was broken.
    return {};
  } finally {
    await file?.close();
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  const written = `${path}.${randomUUID()}`;
  const file = await open(written, "wx", 0o600);
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
  await rename(written, path);
}

/**
 * Makes the directory of a session, `<root>/<project>/<session>`, with `workers/notes/` and the task's file in it; what is
 * there of earlier tasks stays. Throws for names that are none.
 */
export async function openSessionDirectory(
  root: string,
  project: string,
  session: string,
  task: { readonly id: string; readonly json: string },
): Promise<SessionDirectory> {
  for (const name of [project, session, task.id])
    if (!isSessionName(name)) throw new Error("the name of a session's directory is none");
  const path = join(root, project, session);
  await mkdir(join(path, "workers", "notes"), { recursive: true, mode: 0o700 });
  const taskFile = join(path, `${task.id}.json`);
  const [before] = await Promise.all([readDescription(join(path, "SESSION.json")), replaceFile(taskFile, task.json)]);
  const append = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | carefully;
  return {
    path,
    taskFile,
    before,
    events: await open(join(path, "EVENTS.jsonl"), append, 0o600),
    describe: (description) =>
      replaceFile(join(path, "SESSION.json"), `${JSON.stringify(description, undefined, 2)}\n`),
  };
}
