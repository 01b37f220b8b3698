import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SettingsOverride } from "../../src/platform/config.ts";
import { eventually } from "../support/eventually.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

/** A task as the API shows it. */
type Shown = Awaited<ReturnType<WorkingHub["read"]>>;

/** A hub that runs commands, with ways to have them run. */
export interface RunnerHub extends AsyncDisposable {
  readonly hub: WorkingHub;
  /** Where the sessions are. */
  readonly directory: string;
  /** Registers an agent with this runner; answers with its name. */
  agent(runner: object, fields?: object): Promise<string>;
  /** Gives the agent a task and waits until it is as wanted (settled, unless told otherwise). */
  run(agent: string, fields?: object, isWanted?: (task: Shown) => boolean): Promise<Shown>;
  /** Waits until the task is as wanted. */
  until(taskId: string, isWanted: (task: Shown) => boolean): Promise<Shown>;
  /** What was reported of a task, first to last. */
  events(taskId: string): Promise<{ readonly type: string; readonly data?: unknown }[]>;
}

type Commands = NonNullable<NonNullable<NonNullable<SettingsOverride["runners"]>["process"]>["commands"]>;

const stub = fileURLToPath(new URL("programs/stub-agent.ts", import.meta.url));
const programs = fileURLToPath(new URL("programs", import.meta.url));

/** A command that runs the stub in one of its modes. */
export function stubCommand(mode: string, more: object = {}, ...args: readonly string[]): Commands[string] {
  return { command: process.execPath, args: [stub, mode, ...args], ...more };
}

/** The file of a recorded run. */
export function recorded(name: string): string {
  return fileURLToPath(new URL(`../fixtures/runs/${name}.jsonl`, import.meta.url));
}

/** The folder of the programs that tests run. */
export const programsDirectory = programs;

/** Starts a hub that may run these commands. */
export async function startRunnerHub(
  commands: Commands = {},
  limits: object = {},
  settings: SettingsOverride = {},
): Promise<RunnerHub> {
  const directory = await mkdtemp(join(tmpdir(), "hookyard-sessions-"));
  const hub = await startWorkingHub({
    ...settings,
    tasks: { sweepIntervalSeconds: 0.1, maxAttempts: 1, retryBaseSeconds: 0.1, ...settings.tasks },
    runners: {
      heartbeatSeconds: 0.1,
      process: { directory, graceSeconds: 0.3, commands, ...limits },
      ...settings.runners,
    },
  });
  let agents = 0;
  const read = (taskId: string): Promise<Shown> => hub.read(taskId);
  const runner: RunnerHub = {
    hub,
    directory,
    agent: async (given, fields = {}) => {
      agents += 1;
      const name = `runner-${agents}`;
      const answer = await hub.test.call("POST", "/api/v1/agents", { name, runner: given, ...fields });
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return name;
    },
    run: async (agent, fields = {}, isWanted = (task) => task.settledAt !== undefined) =>
      await runner.until(await hub.task(agent, fields), isWanted),
    until: async (taskId, isWanted) => {
      let task: Shown;
      await eventually(async () => {
        task = await read(taskId);
        if (!isWanted(task)) throw new Error(`still ${JSON.stringify(task)}`);
      }, 15_000);
      return task;
    },
    events: async (taskId) =>
      (await hub.test.call("GET", `/api/v1/tasks/${taskId}/events?limit=200`)).body.data.toReversed(),
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return runner;
}
