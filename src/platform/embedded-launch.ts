import { spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { binaryPath, type EmbeddedBinaries } from "./embedded-binaries.ts";
import { serverEnvironment } from "./embedded-cluster.ts";
import type { EmbeddedHome } from "./embedded-home.ts";
import { type EmbeddedServer, readPidFile, stopServer, waitUntilReady } from "./embedded-server.ts";
import { readProcessIdentity } from "./process-identity.ts";

const logLimitBytes = 1 << 20;
const shownLines = 15;
const shownBytes = 1 << 16;

// The port went to somebody else in between; a server that was killed has children who have not noticed yet; a hub that
// was killed had just started a server.
const passing = /could not bind|could not create any TCP\/IP sockets|is still in use|postmaster\.pid" already exists/;

/** Why a server did not come up: the last lines of its log, and whether trying again shortly makes sense. */
interface LaunchFailure {
  readonly log: string;
  readonly passing: boolean;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}

// A file, for a pipe would end with the hub, and the server with its next line; appended to, but not without limit.
async function openLog(home: EmbeddedHome): Promise<FileHandle> {
  const log = await open(join(home.directory, "postgres.log"), "a+", 0o600);
  if ((await log.stat()).size > logLimitBytes) await log.truncate();
  return log;
}

async function readLastLines(log: FileHandle, from: number): Promise<string> {
  const { size } = await log.stat();
  const start = Math.max(from, size - shownBytes);
  const { buffer, bytesRead } = await log.read(Buffer.alloc(shownBytes), 0, shownBytes, start);
  return buffer.toString("utf8", 0, bytesRead).trim().split("\n").slice(-shownLines).join("\n");
}

/**
 * Starts a server on the home's cluster, on a free port of 127.0.0.1, with these settings, and waits until it takes
 * connections. Call it only while holding the home's lock.
 */
export async function launchServer(
  home: EmbeddedHome,
  binaries: EmbeddedBinaries,
  settings: Readonly<Record<string, string>>,
): Promise<EmbeddedServer | LaunchFailure> {
  const log = await openLog(home);
  try {
    const { size } = await log.stat();
    const stale = (await readPidFile(home))?.text;
    const all = { ...settings, port: String(await findFreePort()), listen_addresses: "127.0.0.1" };
    const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    // Detached: Ctrl-C on the terminal is for the hub alone, which stops the server when it has drained.
    const child = spawn(binaryPath(binaries, "postgres"), ["-D", home.cluster, ...options], {
      cwd: "/",
      env: serverEnvironment(),
      detached: true,
      windowsHide: true,
      stdio: ["ignore", log.fd, log.fd],
      ...home.runUser,
    });
    await once(child, "spawn");
    child.unref();
    const pid = child.pid ?? 0;
    const launched = { pid, identity: (await readProcessIdentity(pid)) ?? "gone" };
    try {
      const server = await waitUntilReady(home, launched, stale);
      if (server !== undefined) return server;
    } catch (error) {
      await stopServer(launched, binaries);
      throw error;
    }
    const lines = await readLastLines(log, size);
    return { log: lines, passing: passing.test(lines) };
  } finally {
    await log.close();
  }
}
