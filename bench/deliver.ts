import { randomBytes } from "node:crypto";
import { type Bench, queryOnce, runBench } from "./support/bench.ts";
import { startHub } from "./support/hub.ts";
import { cpuMicrosPer } from "./support/process-usage.ts";
import type { Program } from "./support/program.ts";
import { publishMany } from "./support/publish.ts";
import { Receiver, type Receipt, verifyReceipts } from "./support/receiver.ts";
import { publishReport } from "./support/report.ts";
import { medianOf, quantile } from "./support/statistics.ts";

const rounds = 2;
const concurrency = 64;
const publisherCount = 32;
const drainTimeoutMs = 60_000;
const messageType = "bench.sample";
// The hub's backlog is made through the API, which takes seconds; the limit loop is done with as many in a blink. Half of it
// is warm-up: what starts is slow, for its code is still being compiled.
const sizes = { hub: { messages: 25_000, warmUp: 10_000 }, limit: { messages: 40_000, warmUp: 15_000 } } as const;

const endpointSecret = `whsec_${randomBytes(24).toString("base64")}`;
const data = { note: "a sample of 1 KB ".repeat(56).slice(0, 940) };
const message = JSON.stringify({ type: messageType, timestamp: new Date().toISOString(), data });

interface Round {
  readonly perSecond: number;
  readonly peakRssMiB: number | undefined;
  readonly cpuMicrosPerMessage: number | undefined;
}

// From the end of the warm-up to the last message.
async function measure(
  program: Program,
  receiver: Receiver,
  { messages, warmUp }: (typeof sizes)[keyof typeof sizes],
): Promise<Round> {
  await receiver.got(warmUp, drainTimeoutMs);
  const before = await program.usage.read();
  const countBefore = receiver.receipts.length;
  await receiver.got(messages, drainTimeoutMs);
  const after = await program.usage.read();
  const [first, last] = [receiver.receipts[warmUp - 1], receiver.receipts[messages - 1]] as [Receipt, Receipt];
  return {
    perSecond: ((messages - warmUp) * 1000) / (last.atMs - first.atMs),
    peakRssMiB: after.peakRssMiB,
    cpuMicrosPerMessage: cpuMicrosPer(before, after, messages - countBefore),
  };
}

async function runLimit(bench: Bench): Promise<Round> {
  const receiver = await Receiver.open();
  const program = await bench.startProgram({
    name: "limit-deliver",
    arguments: ["bench/programs/limit-deliver.ts"],
    environment: {
      TARGET_URL: receiver.url,
      COUNT: String(sizes.limit.messages),
      CONCURRENCY: String(concurrency),
      MESSAGE: message,
      ENDPOINT_SECRET: endpointSecret,
    },
  });
  const [round] = await Promise.all([measure(program, receiver, sizes.limit), program.ended()]);
  await receiver.close();
  verifyReceipts(receiver.receipts, endpointSecret);
  return round;
}

async function checkStored(databaseUrl: string, messages: number): Promise<void> {
  const [counts = {}] = await queryOnce<Record<string, number>>(
    databaseUrl,
    `SELECT (SELECT count(*)::int FROM messages) AS messages, (SELECT count(*)::int FROM attempts) AS attempts,
            (SELECT count(*)::int FROM deliveries WHERE state = 'succeeded') AS "succeeded deliveries"`,
  );
  for (const [what, count] of Object.entries(counts))
    if (count !== messages) throw new Error(`${messages} messages were received, and there are ${count} ${what}`);
}

// A hub that only answers HTTP takes the messages in; then one that only works in the background drains them.
async function runHub(bench: Bench): Promise<Round> {
  const receiver = await Receiver.open();
  const databaseUrl = await bench.createDatabase("deliver");
  const web = await startHub(bench, databaseUrl, "web");
  await web.call("POST", "/api/v1/endpoints", {
    url: receiver.url,
    eventTypes: [messageType],
    secret: endpointSecret,
    concurrency,
  });
  await publishMany(web, { type: messageType, data }, sizes.hub.messages, publisherCount);
  await web.program.stop();

  const worker = await startHub(bench, databaseUrl, "worker");
  const round = await measure(worker.program, receiver, sizes.hub);
  await worker.program.stop();
  await receiver.close();
  verifyReceipts(receiver.receipts, endpointSecret);
  await checkStored(databaseUrl, sizes.hub.messages);
  await bench.dropDatabase("deliver");
  return round;
}

function summarise(name: string, results: readonly Round[]): Record<string, string | number | undefined> {
  return {
    program: name,
    "deliveries/s": medianOf(results, (round) => round.perSecond),
    "RSS MiB": Math.max(...results.map((round) => round.peakRssMiB ?? 0)),
    "CPU µs/delivery": medianOf(results, (round) => round.cpuMicrosPerMessage),
  };
}

await runBench(async (bench) => {
  const results = { limit: [] as Round[], hub: [] as Round[] };
  for (let round = 1; round <= rounds; round += 1)
    for (const [name, run] of [
      ["limit", runLimit],
      ["hub", runHub],
    ] as const) {
      const result = await run(bench);
      results[name].push(result);
      process.stdout.write(`round ${round}/${rounds} ${name}: ${Math.round(result.perSecond)} deliveries/s\n`);
    }
  const ratios = results.hub.map((hub, index) => hub.perSecond / (results.limit[index]?.perSecond ?? Number.NaN));
  await publishReport({
    name: "deliver",
    method: `messages of 1 KB to one endpoint, ${concurrency} at once; ${rounds} interleaved rounds; each received once and verified with svix`,
    postgresVersion: bench.postgresVersion,
    rows: [summarise("limit", results.limit), summarise("hub", results.hub)],
    goals: [
      { name: "hub / limit", value: quantile(ratios, 0.5), atLeast: 0.4 },
      {
        name: "hub's RSS, MiB",
        value: Math.max(...results.hub.map((round) => round.peakRssMiB ?? Number.NaN)),
        atMost: 250,
      },
    ],
    detail: { perSecond: { limit: results.limit.map((r) => r.perSecond), hub: results.hub.map((r) => r.perSecond) } },
  });
});
