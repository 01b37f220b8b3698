import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { queryOnce, runBench } from "./support/bench.ts";
import { createPushBodies, PushRequest } from "./support/github-push.ts";
import { HttpConnection } from "./support/http-connection.ts";
import { type Hub, preparePushSource, pushAgent, startHub } from "./support/hub.ts";
import { PullWorker } from "./support/pull-worker.ts";
import { Receiver, verifyReceipts } from "./support/receiver.ts";
import { publishReport } from "./support/report.ts";
import { quantile } from "./support/statistics.ts";

const perSecond = 50;
const warmUpSeconds = 5;
const measureSeconds = 25;
const workerCount = 8;
const arrivalTimeoutMs = 10_000;

const secret = randomBytes(24).toString("hex");

/** The moments of one event's way, in milliseconds on the clock of `performance.now()`. */
interface Way {
  readonly sentAt: number;
  acceptedAt?: number;
  leasedAt?: number;
  receivedAt?: number;
}

// An event is sent when its time has come, however late the answers to earlier ones are: a hub that stalls must not be
// spared the events that would have met it stalled.
async function sendEvents(url: URL, ways: Map<string, Way>): Promise<void> {
  const idle: { readonly connection: HttpConnection; readonly request: PushRequest }[] = [];
  const [body] = createPushBodies(1);
  if (body === undefined) throw new Error("there is no payload");
  const sending: Promise<void>[] = [];
  const send = async (): Promise<void> => {
    const sender = idle.pop() ?? {
      connection: await HttpConnection.open(url),
      request: new PushRequest(url, secret, body),
    };
    const deliveryId = randomUUID();
    const way: Way = { sentAt: performance.now() };
    ways.set(deliveryId, way);
    const { status } = await sender.connection.send(sender.request.withDelivery(deliveryId));
    way.acceptedAt = performance.now();
    if (status !== 200) throw new Error(`an event was answered ${status}`);
    idle.push(sender);
  };
  const startedAt = performance.now();
  for (let index = 0; index < perSecond * (warmUpSeconds + measureSeconds); index += 1) {
    await delay(Math.max(0, startedAt + (index * 1000) / perSecond - performance.now()));
    sending.push(send());
  }
  await Promise.all(sending);
  for (const { connection } of idle) connection.close();
}

// Answers with the way to stop them.
async function startWorkers(hub: Hub, ways: Map<string, Way>): Promise<() => Promise<void>> {
  const role = { name: "bench worker", role: "worker", agents: [pushAgent] };
  const { key } = await hub.call<{ key: string }>("POST", "/api/v1/keys", role);
  const workers: { readonly worker: PullWorker; readonly run: Promise<void> }[] = [];
  for (let index = 0; index < workerCount; index += 1) {
    const options = { key, name: `worker ${index}`, agent: pushAgent };
    const worker = await PullWorker.open(hub, options, (deliveryId) => {
      const way = ways.get(deliveryId);
      if (way !== undefined) way.leasedAt = performance.now();
    });
    workers.push({ worker, run: worker.run() });
  }
  return async () => {
    for (const { worker } of workers) worker.stop();
    await Promise.all(workers.map(({ run }) => run));
  };
}

function recordReceipts(receiver: Receiver, ways: Map<string, Way>): void {
  for (const { body, atMs } of receiver.receipts) {
    const message = JSON.parse(body.toString()) as { data: { event: { deliveryId: string } } };
    const way = ways.get(message.data.event.deliveryId);
    if (way === undefined) throw new Error("a result came for an event that was not sent");
    if (way.receivedAt !== undefined) throw new Error("two results came for one event");
    way.receivedAt = atMs;
  }
}

async function checkStored(databaseUrl: string, events: number): Promise<void> {
  const [counts = {}] = await queryOnce<Record<string, number>>(
    databaseUrl,
    `SELECT (SELECT count(*)::int FROM events) AS events,
            (SELECT count(*)::int FROM tasks WHERE state = 'completed') AS "completed tasks",
            (SELECT count(*)::int FROM deliveries WHERE state = 'succeeded') AS "succeeded deliveries",
            (SELECT count(*)::int FROM attempts) AS attempts`,
  );
  for (const [what, count] of Object.entries(counts))
    if (count !== events) throw new Error(`${events} events were acknowledged, and there are ${count} ${what}`);
}

function describe(name: string, latencies: readonly number[]): Record<string, string | number> {
  return {
    stage: name,
    "p50 ms": quantile(latencies, 0.5),
    "p90 ms": quantile(latencies, 0.9),
    "p99 ms": quantile(latencies, 0.99),
    "max ms": quantile(latencies, 1),
  };
}

await runBench(async (bench) => {
  const databaseUrl = await bench.createDatabase("e2e");
  const hub = await startHub(bench, databaseUrl);
  const receiver = await Receiver.open();
  bench.defer(() => receiver.close());
  const path = await preparePushSource(hub, secret);
  const endpoint = await hub.call<{ secret: string }>("POST", "/api/v1/endpoints", {
    url: receiver.url,
    eventTypes: ["task.completed"],
  });
  const ways = new Map<string, Way>();
  const stopWorkers = await startWorkers(hub, ways);

  await sendEvents(new URL(path, hub.program.url), ways);
  await receiver.got(ways.size, arrivalTimeoutMs);
  const { peakRssMiB = Number.NaN } = await hub.program.usage.read();
  await stopWorkers();
  await hub.program.stop();

  verifyReceipts(receiver.receipts, endpoint.secret);
  recordReceipts(receiver, ways);
  await checkStored(databaseUrl, ways.size);
  const measured = [...ways.values()].slice(perSecond * warmUpSeconds);
  const between = (from: keyof Way, to: keyof Way): number[] =>
    measured.map((way) => (way[to] ?? Number.NaN) - (way[from] ?? Number.NaN));
  const whole = between("sentAt", "receivedAt");
  await publishReport({
    name: "e2e",
    method: `${perSecond} events/s for ${measureSeconds} s, ${workerCount} long-polling workers; ${ways.size} events, each result received once and verified with svix`,
    postgresVersion: bench.postgresVersion,
    rows: [
      describe("sent to accepted (2xx)", between("sentAt", "acceptedAt")),
      describe("sent to leased", between("sentAt", "leasedAt")),
      describe("leased to result received", between("leasedAt", "receivedAt")),
      describe("sent to result received", whole),
    ],
    goals: [
      { name: "p50, ms", value: quantile(whole, 0.5), atMost: 15 },
      { name: "p99, ms", value: quantile(whole, 0.99), atMost: 60 },
      { name: "hub's RSS, MiB", value: peakRssMiB, atMost: 250 },
    ],
  });
});
