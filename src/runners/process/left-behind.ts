import { hostname } from "node:os";
import { isSameProcess, readProcessIdentity } from "../../platform/process-identity.ts";

/** What tells a running command apart from a later process with the same pid, for whoever finds it without its hub. */
export async function tracesOf(pid: number | undefined): Promise<object> {
  if (pid === undefined) return {};
  return { pid, process: await readProcessIdentity(pid), host: hostname() };
}

/**
 * Kills what an earlier attempt at this task has left running, because its hub was killed: the lease is ours now, and two
 * must not work in one directory. Other tasks of the session are left alone.
 */
export async function killLeftBehind(before: Readonly<Record<string, unknown>>, taskId: string): Promise<boolean> {
  const { status, task_id: ofTask, pid, process: identity, host } = before;
  if (status !== "running" || ofTask !== taskId || host !== hostname()) return false;
  if (typeof pid !== "number" || pid < 2 || typeof identity !== "string" || identity === "") return false;
  if (!(await isSameProcess(pid, identity))) return false;
  try {
    process.kill(-pid, "SIGKILL");
    return true;
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
