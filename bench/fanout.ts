import { type Bench, queryOnce, runBench } from "./support/bench.ts";
import { type Hub, startHub } from "./support/hub.ts";
import { cpuMicrosPer } from "./support/process-usage.ts";
import { publishMany } from "./support/publish.ts";
import { Receiver } from "./support/receiver.ts";
import { publishReport } from "./support/report.ts";
import { medianOf, quantile } from "./support/statistics.ts";

const endpoints = 1_000;
const rounds = 2;
// Deliveries of a round, whichever way they come about; the first are warm-up, for what starts is slow.
const deliveries = 6_000;
const warmUp = 2_000;
const concurrency = 64;
const drainTimeoutMs = 80_000;
// What is watched for growth: as many deliveries as these make.
const longMessages = 60;
const data = { note: "a sample of 1 KB ".repeat(56).slice(0, 940) };
const types = { many: "bench.many", one: "bench.one" } as const;

interface Round {
  readonly perSecond: number;
  readonly cpuMicrosPerDelivery: number | undefined;
}

// Published before; then a hub that only works in the background drains them. So a publication's own cost is not in it.
async function measure(
  bench: Bench,
  { web, receiver, databaseUrl }: Setting,
  type: string,
  messages: number,
): Promise<Round> {
  const received = receiver.receipts.length;
  await publishMany(web, { type, data }, messages);
  const worker = await startHub(bench, databaseUrl, "worker");
  await receiver.got(received + warmUp, drainTimeoutMs);
  const before = await worker.program.usage.read();
  const countBefore = receiver.receipts.length - received;
  await receiver.got(received + deliveries, drainTimeoutMs);
  const after = await worker.program.usage.read();
  const [first, last] = [received + warmUp - 1, received + deliveries - 1].map(
    (at) => receiver.receipts[at]?.atMs ?? 0,
  );
  await worker.program.stop();
  return {
    perSecond: ((deliveries - warmUp) * 1000) / ((last ?? 0) - (first ?? 0)),
    cpuMicrosPerDelivery: cpuMicrosPer(before, after, deliveries - countBefore),
  };
}

interface Setting {
  readonly web: Hub;
  readonly receiver: Receiver;
  readonly databaseUrl: string;
}

async function addEndpoints(hub: Hub, url: string): Promise<void> {
  await hub.call("POST", "/api/v1/endpoints", { url, eventTypes: [types.one], concurrency });
  for (let made = 0; made < endpoints; made += 20)
    await Promise.all(
      Array.from({ length: 20 }, () => hub.call("POST", "/api/v1/endpoints", { url, eventTypes: [types.many] })),
    );
}

// Many deliveries in a row, and by how much the largest resident set grew after the first quarter of them.
async function measureGrowth(
  bench: Bench,
  { web, receiver, databaseUrl }: Setting,
): Promise<{ readonly from: number; readonly to: number }> {
  const received = receiver.receipts.length;
  const all = longMessages * endpoints;
  await publishMany(web, { type: types.many, data }, longMessages, 2);
  const worker = await startHub(bench, databaseUrl, "worker");
  await receiver.got(received + all / 4, drainTimeoutMs);
  const { peakRssMiB: from = Number.NaN } = await worker.program.usage.read();
  await receiver.got(received + all, drainTimeoutMs);
  const { peakRssMiB: to = Number.NaN } = await worker.program.usage.read();
  await worker.program.stop();
  return { from, to };
}

async function checkStored(databaseUrl: string, expected: number): Promise<void> {
  const text = "SELECT count(*)::int AS succeeded FROM deliveries WHERE state = 'succeeded'";
  const deadlineMs = performance.now() + 5_000;
  for (;;) {
    const [{ succeeded } = { succeeded: 0 }] = await queryOnce<{ succeeded: number }>(databaseUrl, text);
    if (succeeded === expected) return;
    // What has been answered is written down a moment later.
    if (performance.now() > deadlineMs)
      throw new Error(`${expected} messages were received, and ${succeeded} deliveries succeeded`);
  }
}

async function run(bench: Bench): Promise<void> {
  const receiver = await Receiver.open();
  bench.defer(() => receiver.close());
  const databaseUrl = await bench.createDatabase("fanout");
  const web = await startHub(bench, databaseUrl, "web");
  const setting = { web, receiver, databaseUrl };
  await addEndpoints(web, receiver.url);
  const results = { one: [] as Round[], many: [] as Round[] };
  for (let round = 1; round <= rounds; round += 1) {
    const one = await measure(bench, setting, types.one, deliveries);
    const many = await measure(bench, setting, types.many, deliveries / endpoints);
    results.one.push(one);
    results.many.push(many);
    process.stdout.write(
      `round ${round}/${rounds}: to one endpoint ${Math.round(one.perSecond)}/s, to ${endpoints} ${Math.round(many.perSecond)}/s\n`,
    );
  }
  const growth = await measureGrowth(bench, setting);
  await checkStored(databaseUrl, receiver.receipts.length);
  await web.program.stop();

  const row = (program: string, of: readonly Round[]): Record<string, string | number | undefined> => ({
    program,
    "deliveries/s": medianOf(of, (each) => each.perSecond),
    "CPU µs/delivery": medianOf(of, (each) => each.cpuMicrosPerDelivery),
  });
  const ratios = results.one.map((one, index) => one.perSecond / (results.many[index]?.perSecond ?? Number.NaN));
  await publishReport({
    name: "fanout",
    method: `messages of 1 KB to ${endpoints} endpoints each, against as many deliveries of messages to one, published before; ${rounds} interleaved rounds; then ${longMessages * endpoints} deliveries in a row`,
    postgresVersion: bench.postgresVersion,
    rows: [row("1,000 messages to one", results.one), row("1 message to 1,000", results.many)],
    goals: [
      { name: "time, 1 message to 1,000 / 1,000 messages to one", value: quantile(ratios, 0.5), atMost: 2 },
      { name: "largest RSS, all deliveries / first quarter", value: growth.to / growth.from, atMost: 1.2 },
    ],
    detail: { ratios, rssMiB: growth },
  });
}

await runBench(run);
