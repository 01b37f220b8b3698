import { randomBytes, randomUUID } from "node:crypto";
import { fromWireId } from "../src/lib/ids.ts";
import { queryOnce, runBench } from "./support/bench.ts";
import { runClosedLoop } from "./support/closed-loop.ts";
import { createPushBodies, PushRequest } from "./support/github-push.ts";
import { HttpConnection } from "./support/http-connection.ts";
import { type Hub, pushAgent, startHub } from "./support/hub.ts";
import { cpuMicrosPer } from "./support/process-usage.ts";
import { publishReport } from "./support/report.ts";
import { medianOf, quantile } from "./support/statistics.ts";

// What it costs that there are 10,000 sources. One hub, since two processes of the same program differ by more than is looked
// for here; between rounds, all sources but one are taken out of its database and put back, and its cache is told to forget.
const manySources = 10_000;
const connectionCount = 32;
const rounds = 4;
const times = { warmUpMs: 400, measureMs: 1_600 };

const secret = randomBytes(24).toString("hex");

interface Round {
  readonly perSecond: number;
  /** Of the hub's process; moves less with the neighbours than the rate does. */
  readonly cpuMicrosPerEvent: number;
}

/** What is measured in turn with its pair. */
interface Load {
  readonly name: string;
  readonly prepare?: () => Promise<void>;
  readonly next: () => Buffer;
  readonly results: Round[];
}

async function makeSources(hub: Hub): Promise<readonly URL[]> {
  await hub.call("POST", "/api/v1/agents", { name: pushAgent, runner: { type: "pull" } });
  const task = { input: "Review ${event.body.compare} of ${event.body.repository.full_name}" };
  await hub.call("POST", "/api/v1/routes", { name: "pushes", match: { type: ["push"] }, agent: pushAgent, task });
  const urls: URL[] = [];
  while (urls.length < manySources) {
    const made = Array.from({ length: Math.min(20, manySources - urls.length) }, () =>
      hub.call<{ id: string }>("POST", "/api/v1/sources", { name: "bench", provider: "github", secrets: [secret] }),
    );
    for (const { id } of await Promise.all(made)) urls.push(new URL(`/in/${id}`, hub.program.url));
  }
  return urls;
}

/** Takes all sources but one out of the database, puts them back, or just makes the hub forget what it has of them. */
async function parkSources(
  databaseUrl: string,
  kept: URL,
): Promise<{ readonly park: () => Promise<void>; readonly unpark: () => Promise<void> }> {
  const id = fromWireId("source", kept.pathname.slice("/in/".length));
  const forget = `SELECT pg_notify('hookyard', '{"from":"bench","topic":"sources"}')`;
  await queryOnce(
    databaseUrl,
    `CREATE TABLE parked_sources AS SELECT * FROM sources WHERE id <> '${id}';
     CREATE TABLE parked_secrets AS SELECT * FROM source_secrets WHERE source_id <> '${id}'`,
  );
  const run = async (statements: string) =>
    void (await queryOnce(databaseUrl, `${statements}; ANALYZE sources, source_secrets; ${forget}`));
  return {
    park: () => run(`DELETE FROM source_secrets WHERE source_id <> '${id}'; DELETE FROM sources WHERE id <> '${id}'`),
    unpark: () =>
      run(`INSERT INTO sources SELECT * FROM parked_sources ON CONFLICT DO NOTHING;
           INSERT INTO source_secrets SELECT * FROM parked_secrets ON CONFLICT DO NOTHING`),
  };
}

/** Pushes to these sources in turn. */
function pushesTo(urls: readonly URL[]): () => Buffer {
  const bodies = createPushBodies(connectionCount);
  // One request's memory must not be written to while it is under way: as many as there are connections, at least.
  const requests = Array.from(
    { length: Math.max(urls.length, connectionCount) },
    (_, index) => new PushRequest(urls[index % urls.length] as URL, secret, bodies[index % bodies.length] as Buffer),
  );
  let sent = 0;
  return () => (requests[sent++ % requests.length] as PushRequest).withDelivery(randomUUID());
}

async function run({ program }: Hub, next: () => Buffer, loopTimes = times): Promise<Round> {
  const connections = await Promise.all(
    Array.from({ length: connectionCount }, () => HttpConnection.open(program.url)),
  );
  const before = await program.usage.read();
  try {
    const { perSecond, refused, acknowledged } = await runClosedLoop(connections, next, loopTimes);
    const cpuMicrosPerEvent = cpuMicrosPer(before, await program.usage.read(), acknowledged) ?? Number.NaN;
    if (refused.size > 0) throw new Error(`the hub refused requests: ${JSON.stringify([...refused])}`);
    return { perSecond, cpuMicrosPerEvent };
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** Runs both in turn, from either end, and keeps what each round measured. */
async function compare(hub: Hub, loads: readonly [Load, Load]): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    for (const { prepare, next, results } of round % 2 === 1 ? loads : loads.toReversed()) {
      await prepare?.();
      results.push(await run(hub, next));
    }
    const seen = loads.map(({ name, results }) => `${name} ${Math.round(results.at(-1)?.cpuMicrosPerEvent ?? 0)} µs`);
    process.stdout.write(`round ${round}/${rounds}: ${seen.join(", ")}\n`);
  }
}

// Round by round, for neighbours in time had the same machine; then the middle one.
function ratioOf([base, other]: readonly [Load, Load], pick: (round: Round) => number): number {
  const ratios = other.results.map((round, index) => {
    const neighbour = base.results[index];
    return neighbour === undefined ? Number.NaN : pick(round) / pick(neighbour);
  });
  return quantile(ratios, 0.5);
}

await runBench(async (bench) => {
  const databaseUrl = await bench.createDatabase("sources");
  const hub = await startHub(bench, databaseUrl);
  const urls = await makeSources(hub);
  const sources = await parkSources(databaseUrl, urls[0] as URL);
  const toOne = pushesTo(urls.slice(0, 1));
  const toAll = pushesTo(urls);
  await run(hub, toOne, { warmUpMs: 2_000, measureMs: 1_000 });

  const configured: readonly [Load, Load] = [
    { name: "1 source", prepare: sources.park, next: toOne, results: [] },
    { name: `${manySources} sources, to one`, prepare: sources.unpark, next: toOne, results: [] },
  ];
  await compare(hub, configured);

  // Each once, so that all are in memory.
  await sources.unpark();
  let left = manySources;
  while (left > 0) left -= Math.round((await run(hub, toAll, { warmUpMs: 0, measureMs: 1_000 })).perSecond);
  const used: readonly [Load, Load] = [
    { name: `${manySources} sources, to one again`, next: toOne, results: [] },
    { name: `${manySources} sources, to all in turn`, next: toAll, results: [] },
  ];
  await compare(hub, used);

  const cpu = (round: Round) => round.cpuMicrosPerEvent;
  await publishReport({
    name: "sources",
    method: `one hub, ${connectionCount} connections, signed 4 KB GitHub pushes, one matching route; ${rounds} interleaved rounds of ${times.measureMs / 1000} s`,
    postgresVersion: bench.postgresVersion,
    rows: [...configured, ...used].map(({ name, results }) => ({
      what: name,
      "events/s": medianOf(results, (round) => round.perSecond),
      "CPU µs/event": medianOf(results, cpu),
    })),
    goals: [
      { name: `CPU an event, ${manySources} sources configured / 1`, value: ratioOf(configured, cpu), atMost: 1.05 },
    ],
    detail: {
      sentToAllByCpu: ratioOf(used, cpu),
      perSecondRatios: [configured, used].map((pair) => ratioOf(pair, (round) => round.perSecond)),
      rounds: [...configured, ...used].map(({ name, results }) => ({ name, results })),
    },
  });
});
