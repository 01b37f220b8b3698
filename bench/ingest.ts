import { randomBytes, randomUUID } from "node:crypto";
import { type Bench, queryOnce, runBench } from "./support/bench.ts";
import { type LoadResult, runClosedLoop } from "./support/closed-loop.ts";
import { createPushBodies, PushRequest } from "./support/github-push.ts";
import { HttpConnection } from "./support/http-connection.ts";
import { preparePushSource, startHub } from "./support/hub.ts";
import { cpuMicrosPer } from "./support/process-usage.ts";
import type { Program } from "./support/program.ts";
import { publishReport } from "./support/report.ts";
import { medianOf, quantile } from "./support/statistics.ts";

// Three programs, three rounds, some 9 s each with starting and stopping: within a minute and a half. Half of the load is
// warm-up: a hub runs for weeks, and its code is compiled for its first thousands of requests.
const rounds = 3;
const connectionCount = 64;
const times = { warmUpMs: 3_000, measureMs: 4_000 };

const secret = randomBytes(24).toString("hex");

/** A program to load, and how to see that it stored what it acknowledged. */
interface Contender {
  readonly name: string;
  start(bench: Bench, databaseUrl: string): Promise<{ readonly program: Program; readonly path: string }>;
  /** One row of numbers, each of which must be the number of acknowledged requests. */
  readonly counts: string;
}

interface Round extends LoadResult {
  readonly peakRssMiB: number | undefined;
  readonly cpuMicrosPerEvent: number | undefined;
  readonly generatorCpuMicrosPerEvent: number;
}

function startOwnProgram(file: string): Contender["start"] {
  return async (bench, databaseUrl) => {
    const environment = { DATABASE_URL: databaseUrl, WEBHOOK_SECRET: secret };
    const program = await bench.startProgram({ name: file, arguments: [`bench/programs/${file}.ts`], environment });
    await program.ready();
    return { program, path: "/in/bench" };
  };
}

const contenders: readonly Contender[] = [
  {
    name: "limit",
    start: startOwnProgram("limit-ingest"),
    counts: "SELECT count(*)::int AS events FROM events",
  },
  {
    name: "naive",
    start: startOwnProgram("naive-ingest"),
    counts: `SELECT (SELECT count(*)::int FROM events) AS events, (SELECT count(*)::int FROM tasks) AS tasks,
                    (SELECT count(*)::int FROM tasks JOIN pgboss.job ON data ->> 'taskId' = tasks.id::text) AS jobs`,
  },
  {
    name: "hub",
    async start(bench, databaseUrl) {
      const hub = await startHub(bench, databaseUrl);
      return { program: hub.program, path: await preparePushSource(hub, secret) };
    },
    counts: `SELECT (SELECT count(*)::int FROM events) AS events, (SELECT count(*)::int FROM tasks) AS tasks,
                    (SELECT count(*)::int FROM tasks JOIN pgboss.job USING (id)) AS jobs`,
  },
];

async function load(program: Program, path: string): Promise<Round> {
  const url = new URL(path, program.url);
  const connections = await Promise.all(Array.from({ length: connectionCount }, () => HttpConnection.open(url)));
  const requests = createPushBodies(connectionCount).map((body) => new PushRequest(url, secret, body));
  const generatorBefore = process.cpuUsage();
  const before = await program.usage.read();
  try {
    const result = await runClosedLoop(
      connections,
      (index) => (requests[index] as PushRequest).withDelivery(randomUUID()),
      times,
    );
    const after = await program.usage.read();
    const generator = process.cpuUsage(generatorBefore);
    return {
      ...result,
      peakRssMiB: after.peakRssMiB,
      cpuMicrosPerEvent: cpuMicrosPer(before, after, result.acknowledged),
      generatorCpuMicrosPerEvent: (generator.user + generator.system) / result.acknowledged,
    };
  } finally {
    for (const connection of connections) connection.close();
  }
}

async function checkStored(contender: Contender, databaseUrl: string, { acknowledged, refused }: Round): Promise<void> {
  if (refused.size > 0) throw new Error(`${contender.name} refused requests: ${JSON.stringify([...refused])}`);
  const [counts = {}] = await queryOnce<Record<string, number>>(databaseUrl, contender.counts);
  for (const [what, count] of Object.entries(counts))
    if (count !== acknowledged)
      throw new Error(`${contender.name} acknowledged ${acknowledged} requests and holds ${count} ${what}`);
}

async function runRound(bench: Bench, contender: Contender): Promise<Round> {
  const database = `ingest_${contender.name}`;
  const databaseUrl = await bench.createDatabase(database);
  const { program, path } = await contender.start(bench, databaseUrl);
  const round = await load(program, path);
  await program.stop();
  await checkStored(contender, databaseUrl, round);
  await bench.dropDatabase(database);
  return round;
}

function summarise(name: string, results: readonly Round[]): Record<string, string | number | undefined> {
  const latencies = results.flatMap((result) => result.latenciesMs);
  return {
    program: name,
    "events/s": medianOf(results, (round) => round.perSecond),
    "p50 ms": quantile(latencies, 0.5),
    "p99 ms": quantile(latencies, 0.99),
    "RSS MiB": Math.max(...results.map((round) => round.peakRssMiB ?? 0)),
    "CPU µs/event": medianOf(results, (round) => round.cpuMicrosPerEvent),
    "generator µs/event": medianOf(results, (round) => round.generatorCpuMicrosPerEvent),
    "stored = acknowledged": results.reduce((sum, round) => sum + round.acknowledged, 0),
  };
}

await runBench(async (bench) => {
  const results = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1)
    for (const contender of contenders) {
      const result = await runRound(bench, contender);
      results.get(contender.name)?.push(result);
      process.stdout.write(`round ${round}/${rounds} ${contender.name}: ${Math.round(result.perSecond)} events/s\n`);
    }
  // Round by round, for neighbours in time had the same machine; then the middle one.
  const ratio = (to: string): number =>
    quantile(
      (results.get("hub") ?? []).map(
        (hub, index) => hub.perSecond / (results.get(to)?.[index]?.perSecond ?? Number.NaN),
      ),
      0.5,
    );
  await publishReport({
    name: "ingest",
    method: `${connectionCount} connections, signed 4 KB GitHub pushes, one matching route; ${rounds} interleaved rounds of ${times.measureMs / 1000} s`,
    postgresVersion: bench.postgresVersion,
    rows: contenders.map(({ name }) => summarise(name, results.get(name) ?? [])),
    goals: [
      { name: "hub / limit", value: ratio("limit"), atLeast: 0.5 },
      { name: "hub / naive", value: ratio("naive"), atLeast: 1.3 },
      {
        name: "hub's RSS, MiB",
        value: Math.max(...(results.get("hub") ?? []).map((round) => round.peakRssMiB ?? Number.NaN)),
        atMost: 250,
      },
    ],
    detail: {
      perSecond: Object.fromEntries([...results].map(([name, all]) => [name, all.map((round) => round.perSecond)])),
    },
  });
});
