import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { hasErrorCode } from "./read-or-create-file.ts";

const run = promisify(execFile);

/** Whether the pid is taken, be it by a zombie. */
export function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return hasErrorCode(error, "EPERM");
  }
}

async function readLinuxIdentity(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // proc(5): the name may hold spaces and brackets; the state is the first field after it, the start time the 20th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  if (state === "Z" || state === "X") return undefined;
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
  return `${boot.trim()}:${fields[19]}`;
}

async function readPosixIdentity(pid: number): Promise<string | undefined> {
  const { stdout } = await run("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
    env: { ...process.env, LC_ALL: "C" },
  });
  const [state = "", ...startedAt] = stdout.trim().split(/\s+/);
  return state === "" || state.startsWith("Z") ? undefined : startedAt.join(" ");
}

/**
 * What tells a live process from a later one with the same pid: when it started. Undefined when there is no such process,
 * or only a zombie, which an init that does not reap (node as pid 1 of a container) keeps for ever. An empty text when the
 * process lives and its start cannot be read.
 */
export async function readProcessIdentity(pid: number): Promise<string | undefined> {
  if (!isPidTaken(pid)) return undefined;
  try {
    if (process.platform === "win32") return "";
    return await (process.platform === "linux" ? readLinuxIdentity(pid) : readPosixIdentity(pid));
  } catch {
    return isPidTaken(pid) ? "" : undefined;
  }
}

/** Whether the process that had `identity` as `pid` still lives; in doubt it does. */
export async function isSameProcess(pid: number, identity: string): Promise<boolean> {
  const present = await readProcessIdentity(pid);
  return present !== undefined && (present === "" || identity === "" || present === identity);
}
