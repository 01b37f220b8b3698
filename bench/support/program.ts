import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { UsageWatch } from "./process-usage.ts";

const readyMs = 20_000;
const stopMs = 10_000;
const shownBytes = 2_000;

/** What a program is started with. */
export interface ProgramOptions {
  /** For messages and for its log's name. */
  readonly name: string;
  /** Node's arguments: the file and its own. */
  readonly arguments: readonly string[];
  /** All that it gets of an environment, besides PATH, NODE_OPTIONS and its PORT. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}

/** A program of the bench in a process of its own, on a free port of 127.0.0.1. Its output goes to a file, as a service's does. */
export class Program {
  readonly url: URL;
  readonly usage: UsageWatch;
  readonly #name: string;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, port: number, options: ProgramOptions) {
    this.#child = child;
    this.#name = options.name;
    this.#logFile = options.logFile;
    this.#exited = once(child, "exit");
    this.url = new URL(`http://127.0.0.1:${port}`);
    this.usage = new UsageWatch(child.pid ?? 0);
  }

  /** Resolves when its process runs, which says nothing of its being ready. */
  static async start(options: ProgramOptions): Promise<Program> {
    const port = await findFreePort();
    const log: FileHandle = await open(options.logFile, "a");
    try {
      const inherited = ["PATH", "NODE_OPTIONS"].map((name) => [name, process.env[name] ?? ""]);
      const child = spawn(process.execPath, options.arguments, {
        cwd: new URL("../..", import.meta.url),
        env: { ...Object.fromEntries(inherited), ...options.environment, PORT: String(port), HOST: "127.0.0.1" },
        stdio: ["ignore", log.fd, log.fd],
      });
      await once(child, "spawn");
      return new Program(child, port, options);
    } finally {
      await log.close();
    }
  }

  /** Resolves when `GET /readyz` answers 200. Throws with the end of its log when it does not come up. */
  async ready(): Promise<void> {
    const deadline = performance.now() + readyMs;
    while (performance.now() < deadline && this.#runs()) {
      const answer = await fetch(new URL("/readyz", this.url)).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.ok === true) return;
      await delay(50);
    }
    throw await this.#failure("did not become ready");
  }

  /** Resolves when it has ended by itself; throws when that was not with code 0. */
  async ended(): Promise<void> {
    await this.#exited;
    this.usage.stop();
    if (this.#child.exitCode !== 0) throw await this.#failure("failed");
  }

  /** SIGTERM, and SIGKILL for what does not end by it, which is an error. */
  async stop(): Promise<void> {
    this.usage.stop();
    if (!this.#runs()) return;
    this.#child.kill("SIGTERM");
    const stopped = await Promise.race([this.#exited.then(() => true), delay(stopMs, false, { ref: false })]);
    if (stopped) return;
    this.#child.kill("SIGKILL");
    await this.#exited;
    throw await this.#failure(`did not stop within ${stopMs / 1000} s of SIGTERM`);
  }

  #runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #failure(what: string): Promise<Error> {
    const log = await readFile(this.#logFile, "utf8");
    return new Error(`the ${this.#name} program ${what}:\n${log.slice(-shownBytes)}`);
  }
}
