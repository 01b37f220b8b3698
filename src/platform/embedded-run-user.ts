import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";
import { UnavailableError } from "../lib/errors.ts";
import { hasErrorCode } from "./read-or-create-file.ts";

const run = promisify(execFile);
const userName = "postgres";

/** Who Postgres runs as: another user when the hub is root, which Postgres refuses; nothing set when it is the hub's own. */
export interface RunUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** Whether the hub runs as root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function findUser(): Promise<RunUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", userName]), run("id", ["-g", userName])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

// shadow's tools, then busybox' (Alpine). Nobody can log in as this user.
const creations = [
  [
    ["groupadd", "--system", "--force", userName],
    ["useradd", "--system", "--gid", userName, "--no-create-home", "--shell", "/usr/sbin/nologin", userName],
  ],
  [
    ["addgroup", "-S", userName],
    ["adduser", "-S", "-D", "-H", "-G", userName, "-s", "/sbin/nologin", userName],
  ],
] as const;

async function createUser(): Promise<RunUser> {
  const failures: string[] = [];
  for (const [group, user] of creations) {
    // The group may be there already; then adding the user says whether that is good enough.
    for (const [command, ...args] of [group, user])
      await run(command, args).catch((error: unknown) => failures.push(String(error).trim()));
    const created = await findUser();
    if (created !== undefined) return created;
  }
  throw new UnavailableError(
    "embedded_postgres_user",
    `Postgres does not run as root, and the user "${userName}" could not be created: create it, start the hub as another user, or set DATABASE_URL.`,
    { cause: new Error(failures.join("; ")) },
  );
}

/**
 * Who runs the server whose files are in `cluster`. As root: the owner of these files if they exist, else the user
 * `postgres`, which is created when missing. Throws UnavailableError when that is impossible.
 */
export async function chooseRunUser(cluster: string): Promise<RunUser> {
  if (!isRoot()) return {};
  try {
    const { uid, gid } = await stat(cluster);
    // A hub that once ran as an ordinary user left a cluster that only this user may serve.
    if (uid !== 0) return { uid, gid };
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw error;
  }
  return (await findUser()) ?? (await createUser());
}

/**
 * Whether that user can enter a directory, so reach what is below it. It is tried, for modes alone do not tell: there are
 * access lists and security modules.
 */
export async function canEnter(runUser: RunUser, directory: string): Promise<boolean> {
  if (runUser.uid === undefined) return true;
  try {
    await run("/bin/sh", ["-c", 'cd -- "$1"', "sh", directory], { cwd: "/", ...runUser });
    return true;
  } catch {
    return false;
  }
}
