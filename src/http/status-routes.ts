import { setTimeout as delay } from "node:timers/promises";
import type { Response, Router } from "express";
import type { Metrics } from "../platform/metrics.ts";
import { escapeHtml, pageResponder } from "./html.ts";
import type { KnownCall } from "./refuse-unknown.ts";
import { sendAnswer } from "./send-answer.ts";

// A probe that hangs is worse than one that says no: orchestrators wait a second or few.
const readinessLimitMs = 2_000;

/** What the status calls tell. */
export interface StatusHost {
  readonly version: string;
  readonly metrics: Metrics;
  /** Rejects while the hub cannot serve: the database is away, migrations are missing, it stops. */
  readonly readiness: () => Promise<void>;
}

export const statusCalls: readonly KnownCall[] = ["/", "/healthz", "/readyz", "/metrics"].map((path) => ({
  method: "get",
  path,
}));

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;color:#1c2330}
a{color:#2457c5}h1{margin-bottom:.2rem}.muted{color:#667}
@media(prefers-color-scheme:dark){body{background:#12161d;color:#dde3ee}a{color:#8fb4ff}.muted{color:#99a3b5}}`;

function homeOf(version: string): (response: Response) => void {
  const body = `<main><h1>Hookyard</h1><p class="muted">The webhook hub for agents, version ${escapeHtml(version)}. It runs.</p>
<p><a href="/docs">The API, call by call</a> · <a href="/openapi.json">OpenAPI 3.1</a> · <a href="/metrics">metrics</a></p></main>`;
  return pageResponder({ title: "Hookyard", style, body });
}

async function isReady(readiness: () => Promise<void>): Promise<boolean> {
  const timer = new AbortController();
  const timeLimit = delay(readinessLimitMs, false, { signal: timer.signal, ref: false });
  timeLimit.catch(() => {});
  const answer = readiness().then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answer, timeLimit]);
  } finally {
    timer.abort();
  }
}

/** Mounts `/`, `/healthz` (the process lives), `/readyz` (it can serve) and `/metrics`, which need no credential. */
export function mountStatus(router: Router, { version, metrics, readiness }: StatusHost): void {
  const sendHome = homeOf(version);

  router.get("/", (request, response) => {
    response.vary("Accept");
    if (request.accepts(["json", "html"]) === "html") sendHome(response);
    else sendAnswer(response, { status: 200, body: { status: "healthy", name: "hookyard", version, docs: "/docs" } });
  });

  router.get("/healthz", (_request, response) => {
    sendAnswer(response, { status: 200, body: { status: "alive" } });
  });

  router.get("/readyz", async (_request, response) => {
    const ready = await isReady(readiness);
    sendAnswer(response, { status: ready ? 200 : 503, body: { status: ready ? "ready" : "unready" } });
  });

  router.get("/metrics", async (_request, response) => {
    const { registry } = metrics;
    sendAnswer(response, {
      status: 200,
      body: Buffer.from(await registry.metrics()),
      contentType: registry.contentType,
    });
  });
}
