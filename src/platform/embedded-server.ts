import { execFile } from "node:child_process";
import { readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { UnavailableError } from "../lib/errors.ts";
import { binaryPath, type EmbeddedBinaries } from "./embedded-binaries.ts";
import type { EmbeddedHome } from "./embedded-home.ts";
import { isPidTaken, isSameProcess, readProcessIdentity } from "./process-identity.ts";
import { readFileIfPresent } from "./read-or-create-file.ts";

const run = promisify(execFile);

const pollMs = 10;
// Crash recovery replays at most max_wal_size (1 GB).
const readyDeadlineMs = 120_000;
// A fast shutdown writes every changed page, at most shared_buffers; then the server is told to drop everything.
const stopDeadlineMs = 20_000;

/** A process that serves a home's cluster. */
interface ServerProcess {
  readonly pid: number;
  /** What tells it from a later process with this pid. */
  readonly identity: string;
}

/** A server that takes connections, on 127.0.0.1. */
export interface EmbeddedServer extends ServerProcess {
  readonly port: number;
}

interface PidFile {
  readonly text: string;
  readonly pid: number;
  readonly port: number;
  readonly status: string;
}

/** The content of the cluster's `postmaster.pid`, which the server itself keeps (miscadmin.h tells its lines). */
export async function readPidFile(home: EmbeddedHome): Promise<PidFile | undefined> {
  const text = await readFileIfPresent(join(home.cluster, "postmaster.pid"));
  const [pid, , , port, , , , status = ""] = text?.split("\n") ?? [];
  return text === undefined ? undefined : { text, pid: Number(pid), port: Number(port), status: status.trim() };
}

// Whether that process is the server of this cluster, and not one that got the pid of a dead server.
async function servesCluster(pid: number, home: EmbeddedHome): Promise<boolean> {
  try {
    // The server works in its data directory; nobody else has a reason to.
    if (process.platform === "linux") return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(home.cluster));
    if (process.platform === "win32")
      return (await run("tasklist", ["/NH", "/FI", `PID eq ${pid}`])).stdout.includes("postgres.exe");
    return (await run("ps", ["-ww", "-o", "command=", "-p", String(pid)])).stdout.includes(home.cluster);
  } catch {
    return false;
  }
}

/**
 * Finds the server that a dead hub left behind. Clears away a `postmaster.pid` whose pid is another program's by now, or a
 * zombie's, for Postgres takes either for a running server. That of a free pid stays: Postgres itself looks for what the
 * dead one's children still hold. Call it only while holding the home's lock.
 */
export async function findServer(home: EmbeddedHome): Promise<ServerProcess | undefined> {
  const found = await readPidFile(home);
  if (found === undefined || !isPidTaken(found.pid)) return undefined;
  const identity = await readProcessIdentity(found.pid);
  if (identity !== undefined && (await servesCluster(found.pid, home))) return { pid: found.pid, identity };
  await rm(join(home.cluster, "postmaster.pid"), { force: true });
  return undefined;
}

/**
 * Waits until the server takes connections. Undefined when it goes away, or shuts down, instead. `stale` is the text of a
 * `postmaster.pid` that is not its own: in a container the pids of one start are those of the last.
 */
export async function waitUntilReady(
  home: EmbeddedHome,
  server: ServerProcess,
  stale?: string,
): Promise<EmbeddedServer | undefined> {
  for (let waited = 0; waited < readyDeadlineMs; waited += pollMs) {
    const alive = await isSameProcess(server.pid, server.identity);
    const found = await readPidFile(home);
    const own = found !== undefined && found.pid === server.pid && found.text !== stale ? found : undefined;
    if (!alive || own?.status === "stopping") return undefined;
    if (own?.status === "ready") return { ...server, port: own.port };
    await delay(pollMs);
  }
  throw new UnavailableError(
    "embedded_postgres_failed",
    `Postgres (pid ${server.pid}) in ${home.cluster} was not ready after ${readyDeadlineMs / 1000} s.`,
  );
}

async function signalServer(signal: "INT" | "QUIT" | "KILL", pid: number, binaries: EmbeddedBinaries): Promise<void> {
  // Windows has no signals: Postgres listens on a pipe for them, and pg_ctl knows it.
  if (process.platform === "win32") await run(binaryPath(binaries, "pg_ctl"), ["kill", signal, String(pid)]);
  else process.kill(pid, `SIG${signal}`);
}

/** Tells the server to shut down fast, at once and without waiting: for a process that is ending. */
export function askToShutDown({ pid }: ServerProcess): void {
  try {
    process.kill(pid, "SIGINT");
  } catch {
    // It is gone already.
  }
}

/**
 * Shuts the server down and waits until it is gone: fast (open transactions roll back, a checkpoint is written), then, each
 * after a deadline, at once (the next start recovers from the log) and by force. Does nothing when it is gone already.
 */
export async function stopServer({ pid, identity }: ServerProcess, binaries: EmbeddedBinaries): Promise<void> {
  for (const signal of ["INT", "QUIT", "KILL"] as const) {
    if (!(await isSameProcess(pid, identity))) return;
    await signalServer(signal, pid, binaries).catch(() => undefined);
    for (let waited = 0; waited < stopDeadlineMs; waited += pollMs) {
      if (!(await isSameProcess(pid, identity))) return;
      await delay(pollMs);
    }
  }
  throw new UnavailableError("embedded_postgres_failed", `Postgres (pid ${pid}) cannot be stopped.`);
}
