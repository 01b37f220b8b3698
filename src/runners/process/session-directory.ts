import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A directory of a command's session: tasks that have the same session share it. */
export interface SessionDirectory {
  readonly path: string;
  /** Where the whole task stands as JSON. */
  readonly taskFile: string;
  /** The id that a command of an earlier task, or attempt, gave its own session. */
  readonly agentSessionId: string | undefined;
  /** Replaces SESSION.json at once: a reader sees the old one or the new one. */
  describe(session: object): Promise<void>;
  /** Appends to EVENTS.jsonl. */
  append(lines: readonly string[]): Promise<void>;
}

// Session ids are the hub's own; whatever else came here must not name a path.
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** Whether this may be the name of a session's directory. */
export function isSessionName(name: string): boolean {
  return nameForm.test(name);
}

// It becomes an argument: whatever a command has said, it must be no option and no path.
const agentSessionForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

async function readAgentSession(file: string): Promise<string | undefined> {
  try {
    const { agent_session_id: id } = JSON.parse(await readFile(file, "utf8")) as { agent_session_id?: unknown };
    return typeof id === "string" && agentSessionForm.test(id) ? id : undefined;
  } catch {
    // There is none yet, or somebody has broken it.
    return undefined;
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
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
  await replaceFile(taskFile, task.json);
  return {
    path,
    taskFile,
    agentSessionId: await readAgentSession(join(path, "SESSION.json")),
    describe: (description) =>
      replaceFile(join(path, "SESSION.json"), `${JSON.stringify(description, undefined, 2)}\n`),
    append: (lines) =>
      appendFile(join(path, "EVENTS.jsonl"), lines.map((line) => `${line}\n`).join(""), { mode: 0o600 }),
  };
}
