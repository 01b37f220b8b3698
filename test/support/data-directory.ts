import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { access, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { isSameProcess } from "../../src/platform/process-identity.ts";

/** A data directory for hubs with the embedded Postgres. Disposing stops a server that is left on it and removes it. */
export interface DataDirectory extends AsyncDisposable {
  readonly path: string;
  /** The pid of the Postgres that runs, or ran last, on it. */
  postgresPid(): Promise<number>;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Whether a process with this pid runs. */
export async function isRunning(pid: number): Promise<boolean> {
  return await isSameProcess(pid, "");
}

/** Names a directory that is not there yet: the hub makes it, so that the user who runs Postgres can enter it. */
export function createDataDirectory(): DataDirectory {
  const path = join(tmpdir(), `hookyard-test-data-${randomBytes(6).toString("hex")}`);
  const pidFile = join(path, "postgres", "postmaster.pid");
  // For a test that is cut off by its time limit, when nothing asynchronous is done any more.
  const abandon = (): void => {
    try {
      process.kill(Number.parseInt(readFileSync(pidFile, "utf8"), 10), "SIGQUIT");
      for (let waits = 0; waits < 100 && existsSync(pidFile); waits += 1)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    } catch {
      // None runs.
    }
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", abandon);
  return {
    path,
    postgresPid: async () => Number.parseInt(await readFile(pidFile, "utf8"), 10),
    async [Symbol.asyncDispose]() {
      process.off("exit", abandon);
      if (await exists(join(path, "postgres"))) {
        const left = await startEmbeddedPostgres({ dataDir: path, log: createLogger("silent") });
        await left.stop();
      }
      await rm(path, { recursive: true, force: true });
    },
  };
}
