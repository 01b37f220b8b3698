import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentRow } from "../src/agents/store.ts";
import { systemClock } from "../src/lib/clock.ts";
import { createIdGenerator } from "../src/lib/ids.ts";
import { loadConfig } from "../src/platform/config.ts";
import { runCommand } from "../src/runners/process/run-command.ts";
import type { RunnerServices, TaskRun } from "../src/runners/task-run.ts";
import { publishReport } from "./support/report.ts";
import { quantile } from "./support/statistics.ts";

// What the process runner adds to a bare spawn of the same command: its session's directory, arguments, output, and the look
// after what it left behind. Leasing and settling are those of any worker, and in bench:e2e.
const rounds = 200;
const command = "/bin/cat";
const args = ["/dev/null"];

const newId = createIdGenerator(systemClock);
const settings = loadConfig({}, { runners: { process: { commands: { cat: { command, args, stdin: "none" } } } } });
const sessionsDirectory = await mkdtemp(join(tmpdir(), "hookyard-bench-"));

async function spawnBare(): Promise<void> {
  const child = spawn(command, args, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  await once(child, "close");
}

async function runOnce(): Promise<void> {
  const key = Buffer.alloc(32);
  const services = { settings, clock: systemClock, sessionsDirectory, originKeys: { current: key, all: [key] } };
  const agent = { id: newId(), project_id: newId(), name: "cat", model: null, instructions: null };
  const task = {
    id: newId(),
    agent,
    attempt: 1,
    input: "-",
    dependsOn: [],
    answers: [],
    depth: 0,
    deadlineAt: new Date(),
  };
  const silent = { event: () => {}, progress: () => {}, usage: () => {}, artifact: () => {} };
  const run = {
    work: { task, event: undefined, dependencies: [] },
    agent,
    report: silent,
    signal: new AbortController().signal,
  };
  // Nothing else of these is looked at on this way.
  const outcome = await runCommand(
    services as unknown as RunnerServices,
    { ...run, agent: agent as unknown as AgentRow } as unknown as TaskRun,
    "cat",
  );
  if (outcome.kind !== "completed") throw new Error(`it ended as ${JSON.stringify(outcome)}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

try {
  for (let round = 0; round < 20; round += 1) await runOnce();
  const bare: number[] = [];
  const ran: number[] = [];
  // In turn, so that what else the machine does falls on both.
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await timed(spawnBare));
    ran.push(await timed(runOnce));
  }
  const row = (what: string, times: readonly number[]) => ({
    what,
    "p50 ms": quantile(times, 0.5),
    "p95 ms": quantile(times, 0.95),
  });
  await publishReport({
    name: "runner",
    method: `${rounds} runs of ${command}, in turn with as many bare spawns`,
    rows: [row("bare spawn", bare), row("process runner", ran)],
    goals: [{ name: "overhead at p50, ms", value: quantile(ran, 0.5) - quantile(bare, 0.5), atMost: 15 }],
  });
} finally {
  await rm(sessionsDirectory, { recursive: true, force: true });
}
