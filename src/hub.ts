import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createAccessTokens } from "./access/access-token.ts";
import { createAuthenticator } from "./access/authenticate.ts";
import { bootstrap } from "./access/bootstrap.ts";
import { signingKeysOf } from "./access/signing-keys.ts";
import { createAgentCache, createAgentNames } from "./agents/agent-cache.ts";
import { AgentOutcomes } from "./agents/agent-outcomes.ts";
import { WorkerPresence } from "./agents/worker-presence.ts";
import { createAttemptCommit } from "./deliveries/record-attempts.ts";
import { DeliveryPump } from "./deliveries/delivery-pump.ts";
import { EndpointHealth } from "./deliveries/endpoint-health.ts";
import type { Tell } from "./deliveries/hub-news.ts";
import { createEndpointCache } from "./endpoints/endpoint-cache.ts";
import { BudgetCache } from "./budgets/budget-cache.ts";
import { MessageInterest } from "./endpoints/message-interest.ts";
import { EventAcceptor } from "./events/accept-events.ts";
import { apiOperations } from "./http/api-operations.ts";
import { tools } from "./http/mcp/tools.ts";
import { outboundWebhooks } from "./http/outbound-webhooks.ts";
import { createInboundRouter } from "./http/inbound.ts";
import { createHttpServer, type HttpServer } from "./http/server.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { ConflictError } from "./lib/errors.ts";
import { announce } from "./messages/announce.ts";
import { type Background, type DeliveryWork, ensureQueues, startBackground } from "./background.ts";
import type { Config } from "./platform/config.ts";
import { createLogger, type Logger } from "./platform/logger.ts";
import { openPlatform, type Platform } from "./platform/open-platform.ts";
import { type Recurring, startRecurring } from "./platform/recurring.ts";
import { createRouteCache, type RouteCache } from "./routing/route-cache.ts";
import { SubscriptionConfirmer } from "./sources/confirm-subscription.ts";
import { CertificateCache } from "./sources/fetch-certificate.ts";
import { RejectionLog } from "./sources/rejection-log.ts";
import { createSourceCache } from "./sources/source-cache.ts";
import { SourceHealth } from "./sources/source-health.ts";
import { PeerCards } from "./runners/a2a/peer-cards.ts";
import { RunnerPool } from "./runners/runner-pool.ts";
import { createSettleCommit } from "./tasks/complete-task.ts";
import type { TaskServices } from "./tasks/announce-tasks.ts";
import { TaskWaiters } from "./tasks/task-waiters.ts";

/** What a process of the hub does: answer HTTP, do the background work, or both. */
export type HubRole = "web" | "worker" | "all";

/** What a test, or the command line, sets differently. */
export interface HubOverrides {
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly role?: HubRole;
  /** Calls the start off. */
  readonly signal?: AbortSignal;
}

/** A running hub. */
export interface Hub extends AsyncDisposable {
  /** Where it is reached; without a trailing slash. */
  readonly url: string;
  /** The owner key made at this start, to be shown once; undefined when there is one already. */
  readonly bootstrapKey: string | undefined;
  readonly services: TaskServices;
  /**
   * Does the background work that is due until none is left: due tasks and deliveries, lapsed leases, dead letters. For
   * tests, which assert on what is so afterwards.
   */
  processAll(): Promise<void>;
  /** Takes no new work, finishes what is under way within the deadline of the settings, and closes everything. */
  stop(): Promise<void>;
}

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

/** An address as a URL says it; one that stands for every interface is reached as localhost. */
function urlOf(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function explainListenFailure(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EADDRINUSE")
    return new ConflictError(
      "port_in_use",
      `Port ${port} of ${host} is in use by another program; stop that one, or set PORT to another.`,
    );
  if (!/^E[A-Z_]+$/.test(code)) return error;
  return new ConflictError("cannot_listen", `Cannot listen on port ${port} of ${host} (${code}); see PORT and HOST.`);
}

/** Makes the parts of the hub, connects them, and starts it. What it opened is closed again when a later part fails. */
export async function createHub(config: Config, overrides: HubOverrides = {}): Promise<Hub> {
  const { clock = systemClock, log = createLogger(config.logLevel), role = "all" } = overrides;
  const version = manifest.version;
  let url = config.publicUrl ?? urlOf(config.host, config.port);
  const worksInBackground = role !== "web";
  const platform = await openPlatform(config, {
    clock,
    log,
    version,
    publicUrl: () => url,
    supervise: worksInBackground,
    postgres: { signal: overrides.signal },
  });
  let stop = (): Promise<void> => platform.close();
  try {
    await ensureQueues(platform.services);
    // Whoever has this key may use it as soon as the hub listens.
    if (config.adminKey !== undefined) await bootstrap(platform.services, config.adminKey);
    const parts = connect(config, platform);
    const server = role === "worker" ? undefined : parts.serve(version);
    let background: Background | undefined;
    let runners: RunnerPool | undefined;
    let stopping: Promise<void> | undefined;
    stop = () => (stopping ??= stopAll(config, platform, parts, { server, background, runners }));
    if (server !== undefined) {
      const address = await server.listen(config.port, config.host).catch((error: unknown) => {
        throw explainListenFailure(error, config.host, config.port);
      });
      url = config.publicUrl ?? urlOf(address.host, address.port);
    }
    if (worksInBackground) background = await startBackground(parts.services, parts.delivery(), parts.routes);
    if (worksInBackground) {
      runners = parts.runners();
      runners.start();
    }
    overrides.signal?.throwIfAborted();
    // Last, for a key that is made must be shown: nothing may fail in between.
    const bootstrapKey = await bootstrap(platform.services, config.adminKey);
    return {
      url,
      bootstrapKey,
      services: parts.services,
      processAll: async () => {
        await parts.acceptor.drain();
        for (const each of parts.notes) await each.run();
        await background?.processAll();
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The stages, wired; nothing of it runs yet. */
interface Parts {
  readonly services: TaskServices;
  readonly acceptor: EventAcceptor;
  readonly waiters: TaskWaiters;
  readonly routes: RouteCache;
  /** Write down what requests left to be written later. */
  readonly notes: readonly Recurring[];
  serve(version: string): HttpServer;
  delivery(): DeliveryWork;
  runners(): RunnerPool;
  close(): void;
}

// How often rejections are written down; a flood costs one transaction in this time.
const inboundNotesSeconds = 1;
// How often circuit breakers look at what failed, and how old a worker's last sign of life may be.
const agentNotesSeconds = 2;

function connect(config: Config, platform: Platform): Parts {
  const { services: base, masterKeys } = platform;
  const agents = createAgentCache(base);
  const routes = createRouteCache(base);
  const services: TaskServices = {
    ...base,
    agents,
    interest: new MessageInterest(base),
    budgets: new BudgetCache(base),
    outcomes: new AgentOutcomes(base, agents),
    presence: new WorkerPresence(base),
    routes,
  };
  const acceptor = new EventAcceptor(services, routes);
  const waiters = new TaskWaiters(services.signals);
  const settle = createSettleCommit(services);
  const accessTokens = createAccessTokens({
    signingKeys: signingKeysOf(masterKeys),
    issuer: "hookyard",
    audience: "hookyard-api",
  });
  const authenticator = createAuthenticator(services, { adminKey: config.adminKey, accessTokens });
  const sources = createSourceCache(services);
  const rejections = new RejectionLog(services);
  const health = new SourceHealth(services);
  const certificates = new CertificateCache(services);
  const confirmer = new SubscriptionConfirmer(services);
  const inbound = createInboundRouter({ services, sources, acceptor, certificates, confirmer, rejections, health });
  const writeNotes = async (): Promise<void> => {
    await rejections.flush();
    await health.flush();
  };
  const writeAgentNotes = async (): Promise<void> => {
    await services.outcomes.flush();
    await services.presence.flush();
  };
  const notes = [
    startRecurring("inbound notes", inboundNotesSeconds, writeNotes, services.log),
    startRecurring("agent notes", agentNotesSeconds, writeAgentNotes, services.log),
  ];
  services.metrics.gauge("hookyard_inbound_waiting", "Deliveries that wait for a commit.", () => acceptor.waiting);
  services.metrics.gauge("hookyard_long_polls", "Workers that wait for a task.", () => waiters.size);

  return {
    services,
    acceptor,
    waiters,
    routes,
    notes,
    serve: (version) =>
      createHttpServer({
        services,
        operations: apiOperations({
          ...services,
          agentNames: createAgentNames(services),
          waiters,
          settle,
          sources,
          acceptor,
          certificates,
          routes,
        }),
        inboundRouter: inbound.router,
        callbacks: { ...services, settle },
        authenticator,
        accessTokens,
        readiness: async () => {
          await services.db.query({ text: "SELECT 1" }, []);
        },
        webhooks: outboundWebhooks,
        tools,
        version,
      }),
    delivery: () => {
      // Only the composition root may connect a later stage back to an earlier one: what becomes of an endpoint is announced.
      const tell: Tell = (tx, news) => announce(tx, services, news);
      const health = new EndpointHealth(services, tell);
      const attempts = createAttemptCommit(services, tell);
      return { pump: new DeliveryPump(services, createEndpointCache(services), attempts, health), health, tell };
    },
    runners: () => {
      const sessionsDirectory = join(config.dataDir, "sessions");
      const pool = new RunnerPool(
        { ...services, settle, sessionsDirectory, peerCards: new PeerCards(services) },
        waiters,
      );
      services.metrics.gauge("hookyard_runs", "Tasks that this process does itself.", () => pool.underWay);
      return pool;
    },
    close: () => {
      inbound.close();
      health.close();
      authenticator.close();
    },
  };
}

// In the order in which work flows: no new requests, then what they began, then what goes out, then the ground.
async function stopAll(
  config: Config,
  platform: Platform,
  parts: Parts,
  running: { server: HttpServer | undefined; background: Background | undefined; runners: RunnerPool | undefined },
): Promise<void> {
  const { server, background, runners } = running;
  const deadlineMs = config.shutdown.deadlineSeconds * 1000;
  // A command gets what is left after it was asked to end and its task was given back.
  const runMs = Math.max(0, deadlineMs - (config.runners.process.graceSeconds + 3) * 1000);
  const deadline = setTimeout(() => void platform.services.outbound.close(), deadlineMs);
  try {
    const runnersStopped = runners?.stop(runMs);
    parts.waiters.stop();
    await Promise.all([server?.close(deadlineMs), background?.stop(), runnersStopped]);
    await parts.acceptor.drain();
    for (const each of parts.notes) {
      await each.stop();
      await each.run().catch(() => undefined);
    }
    parts.close();
  } finally {
    clearTimeout(deadline);
    await platform.close();
  }
}
