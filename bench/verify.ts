import { randomBytes, randomUUID } from "node:crypto";
import { compileProvider } from "../src/sources/compile-scheme.ts";
import { compileSecret } from "../src/sources/compile-secret.ts";
import { providers } from "../src/sources/providers/catalogue.ts";
import type { SampleList, SampleObject } from "../src/sources/providers/provider.ts";
import { signSample } from "../src/sources/sign-sample.ts";
import { verifyRequest } from "../src/sources/verify-request.ts";
import { runBench } from "./support/bench.ts";
import { publishReport } from "./support/report.ts";
import { quantile } from "./support/statistics.ts";

// What a verification costs, with all that it leads to before anything is stored: picking the headers, the HMAC, parsing the
// body, reading id and type. What it costs to have many sources, bench:sources says.
const verifications = 20_000;
const passes = 7;
const bodyBytes = 4096;

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

await runBench(async (bench) => {
  const costs = Object.entries(measured).map(([id, text]) => measureVerification(id, text));
  await publishReport({
    name: "verify",
    method: `${verifications} verifications of 4 KB at a time, ${passes} times`,
    postgresVersion: bench.postgresVersion,
    rows: costs.map(({ provider, microseconds }) => ({ what: `verify ${provider}`, µs: microseconds })),
    goals: [
      { name: "slowest verification, µs", value: Math.max(...costs.map((cost) => cost.microseconds)), atMost: 40 },
    ],
  });
});
