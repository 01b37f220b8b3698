import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BatchWorker } from "./support/batch-worker.ts";
import { type Bench, queryOnce, runBench } from "./support/bench.ts";
import { createPushBodies, PushRequest } from "./support/github-push.ts";
import { HttpConnection } from "./support/http-connection.ts";
import { type Hub, preparePushSource, pushAgent, startHub } from "./support/hub.ts";
import type { ProcessUsage } from "./support/process-usage.ts";
import { publishReport } from "./support/report.ts";
import { quantile } from "./support/statistics.ts";

// Half of a backlog is warm-up, as of the other benches' load.
const backlog = { tasks: 12_000, warmUp: 6_000 };
const senderCount = 64;

/** How a worker says what it has done. */
const manners = [
  { what: "a call for each task, 64 at once", completionsPerCall: 1, concurrency: 64 },
  { what: "a call for a hundred, 2 at once", completionsPerCall: 100, concurrency: 2 },
] as const;

const runs = { warmUp: 20, measured: 100 };
const resultLine = JSON.stringify({ type: "result", result: { summary: "Looks good." } });

// As long as the wait, so that each of them asks again once meanwhile.
const idle = { workers: 500, waitSeconds: 30, beforeSeconds: 8 };

const secret = randomBytes(24).toString("hex");

/** CPU time of the hub and of Postgres, in seconds. */
interface Cpu {
  readonly hub: number;
  readonly postgres: number;
}

async function readCpu(bench: Bench, hub: Hub): Promise<Cpu & Pick<ProcessUsage, "peakRssMiB">> {
  const { cpuSeconds = Number.NaN, peakRssMiB } = await hub.program.usage.read();
  return { hub: cpuSeconds, postgres: await bench.postgresCpuSeconds(), peakRssMiB };
}

async function createWorkerKey(hub: Hub): Promise<string> {
  const role = { name: "bench worker", role: "worker", agents: [pushAgent] };
  return (await hub.call<{ key: string }>("POST", "/api/v1/keys", role)).key;
}

// Each from a 4 KB push, which its lease carries.
async function makeBacklog(hub: Hub, path: string): Promise<void> {
  const url = new URL(path, hub.program.url);
  let left = backlog.tasks;
  const send = async (body: Buffer): Promise<void> => {
    const connection = await HttpConnection.open(url);
    const request = new PushRequest(url, secret, body);
    while (left > 0) {
      left -= 1;
      const { status } = await connection.send(request.withDelivery(randomUUID()));
      if (status !== 200) throw new Error(`an event was answered ${status}`);
    }
    connection.close();
  };
  await Promise.all(createPushBodies(senderCount).map(send));
}

interface PullResult {
  readonly perSecond: number;
  readonly hubMicros: number;
  readonly postgresMicros: number;
  readonly peakRssMiB: number;
}

async function checkCompleted(databaseUrl: string, expected: number): Promise<void> {
  const [counts = {}] = await queryOnce<Record<string, number>>(
    databaseUrl,
    `SELECT (SELECT count(*)::int FROM tasks WHERE event_id IS NOT NULL AND state = 'completed') AS "completed tasks",
            (SELECT count(*)::int FROM task_attempts a JOIN tasks t ON t.id = a.task_id
             WHERE t.event_id IS NOT NULL AND a.outcome = 'completed') AS "completed attempts",
            (SELECT count(*)::int FROM messages m JOIN tasks t ON t.id = m.task_id
             WHERE t.event_id IS NOT NULL AND m.type = 'task.completed') AS messages`,
  );
  for (const [what, count] of Object.entries(counts))
    if (count !== expected) throw new Error(`${expected} tasks were completed, and there are ${count} ${what}`);
}

async function measurePull(
  bench: Bench,
  hub: Hub,
  path: string,
  manner: (typeof manners)[number],
): Promise<PullResult> {
  await makeBacklog(hub, path);
  let from: { readonly atMs: number; readonly completed: number; readonly cpu: Promise<Cpu> } | undefined;
  const onComplete = (completed: number): void => {
    if (completed >= backlog.warmUp) from ??= { atMs: performance.now(), completed, cpu: readCpu(bench, hub) };
  };
  const key = await createWorkerKey(hub);
  await new BatchWorker(hub, { key, agent: pushAgent, ...manner, onComplete }).run();
  const endedAtMs = performance.now();
  if (from === undefined) throw new Error("the worker completed less than the warm-up");
  const before = await from.cpu;
  const after = await readCpu(bench, hub);
  const measured = backlog.tasks - from.completed;
  return {
    perSecond: (measured * 1000) / (endedAtMs - from.atMs),
    hubMicros: ((after.hub - before.hub) * 1e6) / measured,
    postgresMicros: ((after.postgres - before.postgres) * 1e6) / measured,
    peakRssMiB: after.peakRssMiB ?? Number.NaN,
  };
}

// As the hub starts it, and with nothing around it: from the call until all of its output is read.
async function runBare(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn("echo", [resultLine], { detached: true, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined);
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  await once(child, "close");
  return performance.now() - startedAt;
}

interface ProcessResult {
  readonly bareMs: readonly number[];
  /** From the moment a task is made until it is settled, as its row says. */
  readonly taskMs: readonly number[];
  readonly attemptMs: readonly number[];
}

/** One task after the other, a bare run of the same command after each. */
async function measureProcess(hub: Hub, databaseUrl: string): Promise<ProcessResult> {
  const agent = "commander";
  await hub.call("POST", "/api/v1/agents", { name: agent, runner: { type: "process", command: "echo" } });
  const bareMs: number[] = [];
  const ids: string[] = [];
  for (let run = 0; run < runs.warmUp + runs.measured; run += 1) {
    const execution = { agent_name: agent, task: "Say so." };
    const { id, status } = await hub.call<{ id: string; status: string }>("POST", "/api/v1/agents/execute", execution);
    if (status !== "completed") throw new Error(`a command's task is ${status}`);
    ids.push(id);
    bareMs.push(await runBare());
  }
  const rows = await queryOnce<{ task: number; attempt: number }>(
    databaseUrl,
    `SELECT extract(epoch FROM t.settled_at - t.created_at)::float8 * 1000 AS task,
            extract(epoch FROM a.ended_at - a.started_at)::float8 * 1000 AS attempt
     FROM tasks t JOIN agents g ON g.id = t.agent_id AND g.name = '${agent}' JOIN task_attempts a ON a.task_id = t.id
     ORDER BY t.id`,
  );
  if (rows.length !== ids.length) throw new Error(`${ids.length} commands were run in ${rows.length} attempts`);
  return {
    bareMs: bareMs.slice(runs.warmUp),
    taskMs: rows.slice(runs.warmUp).map((row) => row.task),
    attemptMs: rows.slice(runs.warmUp).map((row) => row.attempt),
  };
}

async function shareOfCore(bench: Bench, hub: Hub, seconds: number): Promise<Cpu> {
  const before = await readCpu(bench, hub);
  const startedAt = performance.now();
  await delay(seconds * 1000);
  const after = await readCpu(bench, hub);
  const elapsed = (performance.now() - startedAt) / 1000;
  return { hub: (after.hub - before.hub) / elapsed, postgres: (after.postgres - before.postgres) / elapsed };
}

/** What the hub and Postgres do without workers, and with many that wait for a task that does not come. */
async function measureIdle(bench: Bench, hub: Hub): Promise<{ readonly without: Cpu; readonly with: Cpu }> {
  const without = await shareOfCore(bench, hub, idle.beforeSeconds);
  const key = await createWorkerKey(hub);
  const end = new AbortController();
  const connections: HttpConnection[] = [];
  const wait = async (index: number): Promise<void> => {
    const connection = await HttpConnection.open(hub.program.url);
    connections.push(connection);
    // The first waits end at different times, so that later ones begin at different times.
    for (let waitSeconds = 1 + ((index * 7) % idle.waitSeconds); !end.signal.aborted; waitSeconds = idle.waitSeconds) {
      const body = { workerId: `worker ${index}`, agents: [pushAgent], waitSeconds };
      const answer = connection.send(hub.encodeCall("/api/v1/worker/lease", body, key));
      const { status } = await answer.catch(() => ({ status: end.signal.aborted ? 204 : 0 }));
      if (status !== 204) throw new Error(`a wait for nothing was answered ${status}`);
    }
  };
  const waiting = Array.from({ length: idle.workers }, (_, index) => wait(index));
  await delay(1_000);
  const share = await shareOfCore(bench, hub, idle.waitSeconds);
  end.abort();
  for (const connection of connections) connection.close();
  await Promise.all(waiting);
  return { without, with: share };
}

await runBench(async (bench) => {
  const databaseUrl = await bench.createDatabase("agents");
  const hub = await startHub(bench, databaseUrl, "all", {
    process: {
      directory: join(bench.directory, "sessions"),
      commands: { echo: { command: "echo", args: [resultLine] } },
    },
  });
  const path = await preparePushSource(hub, secret);
  // First what nothing is to be left over for.
  const waits = await measureIdle(bench, hub);
  const { bareMs, taskMs, attemptMs } = await measureProcess(hub, databaseUrl);
  const pulls: PullResult[] = [];
  for (const manner of manners) {
    const pull = await measurePull(bench, hub, path, manner);
    pulls.push(pull);
    process.stdout.write(`${manner.what}: ${Math.round(pull.perSecond)} tasks/s\n`);
  }
  await hub.program.stop();
  await checkCompleted(databaseUrl, manners.length * backlog.tasks);

  const percent = ({ hub: ofHub, postgres }: Cpu): Record<string, number> => ({
    "hub % of a core": ofHub * 100,
    "Postgres %": postgres * 100,
  });
  const added = waits.with.hub + waits.with.postgres - waits.without.hub - waits.without.postgres;
  const times = (values: readonly number[]): Record<string, number> => ({
    "p50 ms": quantile(values, 0.5),
    "p90 ms": quantile(values, 0.9),
  });
  await publishReport({
    name: "agents",
    method: `${idle.workers} workers wait ${idle.waitSeconds} s each for nothing; ${runs.measured} commands one after the other; one worker leases the tasks of 4 KB pushes a hundred at a time`,
    postgresVersion: bench.postgresVersion,
    rows: [
      { what: "nothing to do", ...percent(waits.without) },
      { what: `${idle.workers} waiting workers`, ...percent(waits.with) },
      { what: "bare spawn of a command", ...times(bareMs) },
      { what: "its task, leased to settled", ...times(attemptMs) },
      { what: "its task, made to settled", ...times(taskMs) },
      ...manners.map(({ what }, index) => ({
        what,
        "tasks/s": pulls[index]?.perSecond,
        "hub µs/task": pulls[index]?.hubMicros,
        "Postgres µs/task": pulls[index]?.postgresMicros,
        "RSS MiB": pulls[index]?.peakRssMiB,
      })),
    ],
    goals: [
      {
        name: "tasks leased and completed per second",
        value: Math.max(...pulls.map((pull) => pull.perSecond)),
        atLeast: 3_000,
      },
      {
        name: "overhead of a process task over a bare spawn, p50 ms",
        value: quantile(taskMs, 0.5) - quantile(bareMs, 0.5),
        atMost: 15,
      },
      { name: "waiting workers, % of a core (hub and Postgres)", value: added * 100, atMost: 2 },
    ],
  });
});
