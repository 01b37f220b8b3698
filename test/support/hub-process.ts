import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SettingsOverride } from "../../src/platform/config.ts";

/** What a command of the program is run with. */
export interface CommandOptions {
  /** The whole environment but PATH and the like: nothing of the machine's own settings gets in. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Goes into the file that HOOKYARD_CONFIG names. */
  readonly settings?: SettingsOverride;
}

/** How a process ended: its exit code, or the signal that killed it. */
type Exit = number | NodeJS.Signals;

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A process of the program. Disposing kills it if it still runs. */
export interface Command extends AsyncDisposable {
  readonly pid: number;
  /** Everything that it has written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The log so far. */
  readonly log: () => LogLine[];
  /** Resolves when the log has a line like this; rejects when the process ends before, or after `seconds`. */
  logged(isWanted: (line: LogLine) => boolean, seconds?: number): Promise<LogLine>;
  send(signal: NodeJS.Signals): void;
  readonly ended: Promise<Exit>;
}

/** A hub in a process of its own, ready. */
export interface HubProcess extends Command {
  /** Where it listens; empty for a worker. */
  readonly url: string;
  /** Asks it to stop and resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** SIGKILL, and no time to tidy up. */
  kill(): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

// Each leads a process group of its own, so that what it has started itself, as npm does, can be ended with it.
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}

// For a test that is cut off by its time limit, or a run that is interrupted: nothing of it may stay.
const running = new Map<ChildProcess, string>();
process.on("exit", () => {
  for (const [child, directory] of running) {
    killGroup(child);
    rmSync(directory, { recursive: true, force: true });
  }
});

function parseLog(text: string): LogLine[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as LogLine);
}

/** Starts `hookyard` with these arguments, or another program of the repository. */
export async function startCommand(
  args: readonly string[],
  { environment = {}, settings }: CommandOptions = {},
  [program, ...programArgs]: readonly [string, ...string[]] = [process.execPath, "src/main.ts"],
): Promise<Command> {
  const directory = await mkdtemp(join(tmpdir(), "hookyard-settings-"));
  const settingsFile = join(directory, "settings.yaml");
  if (settings !== undefined) await writeFile(settingsFile, JSON.stringify(settings));
  const child = spawn(program, [...programArgs, ...args], {
    cwd: root,
    env: {
      ...Object.fromEntries(inherited.map((name) => [name, process.env[name]])),
      ...(settings === undefined ? {} : { HOOKYARD_CONFIG: settingsFile }),
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.set(child, directory);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // "close" comes when all that it wrote has been read as well.
  const ended = once(child, "close").then(async ([code, signal]): Promise<Exit> => {
    running.delete(child);
    await rm(directory, { recursive: true, force: true });
    return (signal ?? code) as Exit;
  });

  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    log: () => parseLog(stdout),
    async logged(isWanted, seconds = 15) {
      const timeLimit = AbortSignal.timeout(seconds * 1000);
      for (;;) {
        const line = parseLog(stdout).find(isWanted);
        if (line !== undefined) return line;
        const hasEnded = child.exitCode !== null || child.signalCode !== null;
        if (hasEnded || timeLimit.aborted) {
          await (hasEnded ? ended : undefined);
          const late = parseLog(stdout).find(isWanted);
          if (late !== undefined) return late;
          throw new Error(`${hasEnded ? "it ended" : "too late"}, and had said:\n${stdout}\n${stderr}`);
        }
        const chunk = new AbortController();
        const signal = AbortSignal.any([chunk.signal, timeLimit]);
        await Promise.race([once(child.stdout, "data", { signal }).catch(() => undefined), ended]);
        chunk.abort();
      }
    },
    send: (signal) => child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      killGroup(child);
      await ended;
    },
  };
}

/** Runs a command to its end. */
export async function runCommand(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<{ readonly exit: Exit; readonly stdout: string; readonly stderr: string }> {
  await using command = await startCommand(args, options);
  const exit = await command.ended;
  return { exit, stdout: command.stdout(), stderr: command.stderr() };
}

/** Starts `hookyard serve` on loopback, on a free port when none is named, and waits for its ready line. */
export async function startHubProcess(options: CommandOptions = {}, args: readonly string[] = []): Promise<HubProcess> {
  const environment = { PORT: "0", HOST: "127.0.0.1", HOOKYARD_DELIVERY_ALLOW: "127.0.0.0/8", ...options.environment };
  const command = await startCommand(["serve", ...args], { ...options, environment });
  try {
    const { url = "" } = await command.logged((line) => line["unit"] === "start" && line["role"] !== undefined);
    return {
      ...command,
      url: String(url),
      stop: async (signal = "SIGTERM") => {
        command.send(signal);
        return await command.ended;
      },
      kill: async () => {
        command.send("SIGKILL");
        await command.ended;
      },
    };
  } catch (error) {
    await command[Symbol.asyncDispose]();
    throw error;
  }
}
