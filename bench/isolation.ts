import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type Bench, queryOnce, runBench } from "./support/bench.ts";
import { type Hub, startHub } from "./support/hub.ts";
import { publishMany } from "./support/publish.ts";
import { Receiver } from "./support/receiver.ts";
import { publishReport } from "./support/report.ts";

const endpoints = 20;
const messages = 700;
// What starts is slow, for its code is still being compiled: measured from here on, of what the healthy endpoints get.
const warmUpShare = 0.35;
const drainTimeoutMs = 40_000;
const retries = 100_000;
const type = "bench.sample";
const data = { note: "a sample of 1 KB ".repeat(56).slice(0, 940) };

interface Case {
  readonly name: string;
  readonly blackHoles: number;
  readonly pendingRetries: number;
}

const healthy: Case = { name: "all 20 healthy", blackHoles: 0, pendingRetries: 0 };
// Each stands between two healthy ones and is compared with their mean: so what the machine does meanwhile matters less.
const cases: readonly Case[] = [
  healthy,
  { name: "1 of 20 never answers", blackHoles: 1, pendingRetries: 0 },
  healthy,
  { name: "10 of 20 never answer", blackHoles: 10, pendingRetries: 0 },
  healthy,
  { name: `${retries} pending retries`, blackHoles: 0, pendingRetries: retries },
  healthy,
];

interface Round {
  /** Deliveries a second to each endpoint that answers. */
  readonly pace: number;
  readonly peakRssMiB: number | undefined;
}

/** Takes what is sent and never says a word. */
async function openBlackHole(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.resume();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), "close");
    },
  };
}

// As they stand after a first failed attempt: due in an hour, without a job. A tenth of the endpoints have them.
const storeRetries = (count: number): string => `
  WITH message AS (
    INSERT INTO messages (id, project_id, type, payload, created_at)
    SELECT uuidv7(), id, 'bench.retried', '{}', now() FROM projects LIMIT 1 RETURNING id, project_id
  ), e AS (SELECT id FROM endpoints ORDER BY id LIMIT ${endpoints / 10})
  INSERT INTO deliveries (id, project_id, message_id, endpoint_id, state, attempts, retries_spent, last_outcome,
                          next_attempt_at, created_at)
  SELECT uuidv7(), m.project_id, m.id, e.id, 'pending', 1, 1, 'http_5xx', now() + interval '1 hour', now()
  FROM message m, e, generate_series(1, ${(count * 10) / endpoints})`;

async function addEndpoints(hub: Hub, urls: readonly string[]): Promise<void> {
  for (const url of urls) await hub.call("POST", "/api/v1/endpoints", { url, eventTypes: [type] });
}

// A hub that only answers HTTP takes the messages in; then one that only works in the background drains them.
async function measure(bench: Bench, { blackHoles, pendingRetries }: Case): Promise<Round> {
  const receiver = await Receiver.open();
  const hole = await openBlackHole();
  const databaseUrl = await bench.createDatabase("isolation");
  const web = await startHub(bench, databaseUrl, "web");
  const answering = endpoints - blackHoles;
  await addEndpoints(web, [
    ...Array.from({ length: blackHoles }, () => hole.url),
    ...Array.from({ length: answering }, () => receiver.url),
  ]);
  if (pendingRetries > 0) {
    await queryOnce(databaseUrl, storeRetries(pendingRetries));
    await queryOnce(databaseUrl, "VACUUM ANALYZE deliveries");
    // What was just stored is written out now, not while it is measured.
    await queryOnce(databaseUrl, "CHECKPOINT");
  }
  await publishMany(web, { type, data }, messages);
  await web.program.stop();

  const worker = await startHub(bench, databaseUrl, "worker");
  const all = messages * answering;
  const warmUp = Math.floor(all * warmUpShare);
  await receiver.got(all, drainTimeoutMs);
  const [first, last] = [receiver.receipts[warmUp - 1]?.atMs ?? 0, receiver.receipts[all - 1]?.atMs ?? 0];
  const { peakRssMiB } = await worker.program.usage.read();
  await hole.close();
  await worker.program.stop();
  await receiver.close();
  await bench.dropDatabase("isolation");
  return { pace: ((all - warmUp) * 1000) / (last - first) / answering, peakRssMiB };
}

await runBench(async (bench) => {
  const results: (Round & { readonly name: string })[] = [];
  for (const each of cases) {
    const round = await measure(bench, each);
    results.push({ name: each.name, ...round });
    process.stdout.write(`${each.name}: ${Math.round(round.pace)} deliveries/s to each that answers\n`);
  }
  const shareOf = (index: number): number => {
    const [before, it, after] = results.slice(index - 1, index + 2).map(({ pace }) => pace);
    return (it ?? Number.NaN) / (((before ?? Number.NaN) + (after ?? Number.NaN)) / 2);
  };
  await publishReport({
    name: "isolation",
    method: `${messages} messages of 1 KB to each of ${endpoints} endpoints, published before; the pace of those that answer, after a warm-up`,
    postgresVersion: bench.postgresVersion,
    rows: results.map(({ name, pace, peakRssMiB }, index) => ({
      case: name,
      "deliveries/s to each": pace,
      "of the healthy pace": name === healthy.name ? undefined : shareOf(index),
      "RSS MiB": peakRssMiB,
    })),
    goals: [
      { name: "pace of 19 beside 1 that never answers", value: shareOf(1), atLeast: 0.9 },
      { name: "pace of 10 beside 10 that never answer", value: shareOf(3), atLeast: 0.7 },
      { name: `pace beside ${retries} pending retries`, value: shareOf(5), atLeast: 0.9 },
    ],
    detail: { paces: results.map(({ pace }) => pace) },
  });
});
