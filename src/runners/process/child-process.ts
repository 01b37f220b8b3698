import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** What to start. */
export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All that it gets of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

/** How it ended: with an exit code, by a signal, or not started at all. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly startError: Error | undefined;
}

// What a command leaves behind that keeps its output open is not waited for longer.
const lingerMs = 1_000;

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    // Its group, so that what it has started itself goes with it.
    process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A command under way: a process group of its own, without a shell. */
export class ChildCommandProcess {
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  /** Resolves when it and all that it has started are gone. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  readonly #child: Child | undefined;
  readonly #graceMs: number;
  #killTimer: NodeJS.Timeout | undefined;

  /** `graceMs`: between SIGTERM and SIGKILL. */
  constructor({ command, args, cwd, env, stdin }: ChildCommand, graceMs: number) {
    this.#graceMs = graceMs;
    let child: Child;
    try {
      child = spawn(command, [...args], { cwd, env: { ...env }, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    } catch (error) {
      // E2BIG and NUL are thrown at once.
      const startError = error instanceof Error ? error : new Error(String(error));
      this.ended = Promise.resolve({ code: null, signal: null, startError });
      return;
    }
    this.#child = child;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    // A command need not read what it is told.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin);
    this.ended = this.#end(child);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Asks it to end, and makes it when it does not. */
  kill(): void {
    if (this.#killTimer !== undefined || this.#child === undefined) return;
    const { pid } = this.#child;
    killGroup(pid, "SIGTERM");
    this.#killTimer = setTimeout(() => killGroup(pid, "SIGKILL"), this.#graceMs);
  }

  async #end(child: Child): Promise<ChildEnd> {
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    const end = await new Promise<ChildEnd>((resolve) => {
      child.once("error", (startError) => resolve({ code: null, signal: null, startError }));
      child.once("exit", (code, signal) => resolve({ code, signal, startError: undefined }));
    });
    if (end.startError !== undefined) return end;
    clearTimeout(this.#killTimer);
    // What it has started may still hold its output, or just run on.
    const linger = setTimeout(() => {
      killGroup(child.pid, "SIGKILL");
      child.stdout.destroy();
      child.stderr.destroy();
    }, lingerMs);
    await closed;
    clearTimeout(linger);
    killGroup(child.pid, "SIGKILL");
    return end;
  }
}
