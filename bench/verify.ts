import { randomBytes, randomUUID } from "node:crypto";
import { compileProvider } from "../src/sources/compile-scheme.ts";
import { compileSecret } from "../src/sources/compile-secret.ts";
import { providers } from "../src/sources/providers/catalogue.ts";
import type { SampleList, SampleObject } from "../src/sources/providers/provider.ts";
import { signSample } from "../src/sources/sign-sample.ts";
import { verifyRequest } from "../src/sources/verify-request.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { runClosedLoop } from "./support/closed-loop.ts";
import { createPushBodies, PushRequest } from "./support/github-push.ts";
import { HttpConnection } from "./support/http-connection.ts";
import { type Hub, pushAgent, startHub } from "./support/hub.ts";
import { cpuMicrosPer } from "./support/process-usage.ts";
import { publishReport } from "./support/report.ts";
import { medianOf, quantile } from "./support/statistics.ts";

// What a verification costs, with all that it leads to before anything is stored: picking the headers, the HMAC, parsing the
// body, reading id and type. Then what it costs to have 10,000 sources, of which one is sent to, or all in turn, against having one.
const verifications = 20_000;
const passes = 7;
const bodyBytes = 4096;
const manySources = 10_000;
const rounds = 5;
const connectionCount = 64;
const times = { warmUpMs: 2_000, measureMs: 3_000 };

const secret = randomBytes(24).toString("hex");

interface Verification {
  readonly provider: string;
  readonly microseconds: number;
}

/** Every provider that signs the whole of a body by an HMAC with a secret that is any text, or has a form that is known here. */
const measured: Readonly<Record<string, string>> = {
  github: secret,
  stripe: `whsec_${secret}`,
  slack: secret,
  shopify: secret,
  "standard-webhooks": `whsec_${randomBytes(24).toString("base64")}`,
  linear: secret,
  square: secret,
  hubspot: secret,
};

function isList(body: SampleObject | SampleList): body is SampleList {
  return Array.isArray(body);
}

function padded(body: SampleObject | SampleList): SampleObject | SampleList {
  const filler = "x".repeat(Math.max(0, bodyBytes - Buffer.byteLength(JSON.stringify(body)) - 60));
  return isList(body) ? [...body, { filler }] : { ...body, filler };
}

function measureVerification(id: string, text: string): Verification {
  const provider = providers.get(id);
  const scheme = provider && compileProvider(provider);
  if (provider?.sample === undefined || scheme === undefined) throw new Error(`no sample of ${id}`);
  const nowMs = Date.now();
  const url = "https://hub.example/in/src_01h2xcejqtf2nbrexx3vqjhp41";
  const { sample } = provider;
  const body = padded(sample.body);
  const signed = signSample(scheme, text, { id: randomUUID(), nowMs, url }, { ...sample, body });
  const compiled = compileSecret(scheme, text);
  if (!signed.ok || !compiled.ok) throw new Error(`the sample of ${id} cannot be signed`);
  const headers = ["Host", "hub.example", "User-Agent", "bench", "Accept", "*/*", ...signed.headers.flat()];
  const request = { method: "POST", url, headers, rawBody: signed.rawBody, keys: [compiled.key], nowMs };
  const microseconds = Array.from({ length: passes }, () => {
    const from = performance.now();
    for (let count = 0; count < verifications; count += 1)
      if (!verifyRequest(request, scheme).ok) throw new Error(`the sample of ${id} does not verify`);
    return ((performance.now() - from) * 1000) / verifications;
  });
  return { provider: id, microseconds: quantile(microseconds, 0.5) };
}

/** A hub and the sources of it that get pushes, in turn. */
interface Load {
  readonly name: string;
  readonly hub: Hub;
  readonly next: () => Buffer;
  readonly results: Round[];
}

interface Round {
  readonly perSecond: number;
  /** Of the hub's process; moves less with the neighbours than the rate does. */
  readonly cpuMicrosPerEvent: number | undefined;
}

async function prepare(bench: Bench, count: number): Promise<{ readonly hub: Hub; readonly urls: readonly URL[] }> {
  const hub = await startHub(bench, await bench.createDatabase(`verify_${count}`));
  await hub.call("POST", "/api/v1/agents", { name: pushAgent, runner: { type: "pull" } });
  const task = { input: "Review ${event.body.compare} of ${event.body.repository.full_name}" };
  await hub.call("POST", "/api/v1/routes", { name: "pushes", match: { type: ["push"] }, agent: pushAgent, task });
  const urls: URL[] = [];
  while (urls.length < count) {
    const made = Array.from({ length: Math.min(20, count - urls.length) }, () =>
      hub.call<{ id: string }>("POST", "/api/v1/sources", { name: "bench", provider: "github", secrets: [secret] }),
    );
    for (const { id } of await Promise.all(made)) urls.push(new URL(`/in/${id}`, hub.program.url));
  }
  return { hub, urls };
}

function loadOf(name: string, hub: Hub, urls: readonly URL[]): Load {
  const bodies = createPushBodies(connectionCount);
  // One request's memory must not be written to while it is under way: as many as there are connections, at least.
  const requests = Array.from(
    { length: Math.max(urls.length, connectionCount) },
    (_, index) => new PushRequest(urls[index % urls.length] as URL, secret, bodies[index % bodies.length] as Buffer),
  );
  let sent = 0;
  const next = (): Buffer => (requests[sent++ % requests.length] as PushRequest).withDelivery(randomUUID());
  return { name, hub, next, results: [] };
}

async function run({ hub, next, results }: Load): Promise<void> {
  const url = new URL("/in", hub.program.url);
  const connections = await Promise.all(Array.from({ length: connectionCount }, () => HttpConnection.open(url)));
  const before = await hub.program.usage.read();
  try {
    const { perSecond, refused, acknowledged } = await runClosedLoop(connections, next, times);
    const cpuMicrosPerEvent = cpuMicrosPer(before, await hub.program.usage.read(), acknowledged);
    if (refused.size > 0) throw new Error(`the hub refused requests: ${JSON.stringify([...refused])}`);
    results.push({ perSecond, cpuMicrosPerEvent });
  } finally {
    for (const connection of connections) connection.close();
  }
}

await runBench(async (bench) => {
  const costs = Object.entries(measured).map(([id, text]) => measureVerification(id, text));
  const one = await prepare(bench, 1);
  const many = await prepare(bench, manySources);
  const loads = [
    loadOf("1 source", one.hub, one.urls),
    loadOf("10,000 sources, to one", many.hub, many.urls.slice(0, 1)),
    loadOf("10,000 sources, to all", many.hub, many.urls),
  ];
  for (let round = 1; round <= rounds; round += 1) {
    // In turn, from either end.
    for (const each of round % 2 === 1 ? loads : loads.toReversed()) await run(each);
    const rates = loads.map(({ results }) => Math.round(results.at(-1)?.perSecond ?? 0));
    process.stdout.write(`round ${round}/${rounds}: ${rates.join(", ")} events/s\n`);
  }
  // Round by round, for neighbours in time had the same machine; then the middle one.
  const lost = (to: number): number =>
    quantile(
      (loads[0]?.results ?? []).map(
        ({ perSecond }, index) => 1 - (loads[to]?.results[index]?.perSecond ?? Number.NaN) / perSecond,
      ),
      0.5,
    );
  await publishReport({
    name: "verify",
    method: `${verifications} verifications of 4 KB at a time, ${passes} times; then ${connectionCount} connections, ${rounds} interleaved rounds of ${times.measureMs / 1000} s`,
    postgresVersion: bench.postgresVersion,
    rows: [
      ...costs.map(({ provider, microseconds }) => ({ what: `verify ${provider}`, µs: microseconds })),
      ...loads.map(({ name, results }) => ({
        what: `ingest, ${name}`,
        "events/s": medianOf(results, (round) => round.perSecond),
        "CPU µs/event": medianOf(results, (round) => round.cpuMicrosPerEvent),
      })),
    ],
    goals: [
      { name: "slowest verification, µs", value: Math.max(...costs.map((cost) => cost.microseconds)), atMost: 40 },
      { name: "ingest lost to 10,000 configured sources, %", value: lost(1) * 100, atMost: 5 },
    ],
    detail: { lostWhenAllAreSentTo: lost(2), rounds: loads.map(({ results }) => results) },
  });
});
