import { parseArgs } from "node:util";
import { pino } from "pino";
import { createHub, type Hub, type HubRole } from "../hub.ts";
import { type Config, loadConfig } from "../platform/config.ts";
import { createLogger, type Logger } from "../platform/logger.ts";
import { listenForStop } from "./stop-signal.ts";
import { UsageError } from "./usage-error.ts";

const roles: readonly HubRole[] = ["web", "worker", "all"];

// Beyond the deadline for work: to write down what was broken off, and to close connections and the embedded Postgres.
const closingSeconds = 8;

function parseRole(args: readonly string[]): HubRole {
  let role;
  try {
    ({ role } = parseArgs({ args: [...args], options: { role: { type: "string", default: "all" } } }).values);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const known = roles.find((name) => name === role);
  if (known === undefined) throw new UsageError("--role is one of web, worker and all.");
  return known;
}

function announceStart(hub: Hub, role: HubRole, log: Logger): void {
  if (hub.bootstrapKey !== undefined)
    // Not through the log, which may be shipped elsewhere: to whoever started it, once.
    process.stdout.write(
      `\n  Owner key of the default project (shown once, keep it): ${hub.bootstrapKey}\n` +
        `  export HOOKYARD_KEY=${hub.bootstrapKey}\n\n`,
    );
  const ready = { unit: "start", role, pid: process.pid };
  if (role === "worker") log.info(ready, "Hookyard's worker is ready");
  else log.info({ ...ready, url: hub.url }, `Hookyard is ready at ${hub.url}`);
}

async function stopHub(hub: Hub, { shutdown }: Config, log: Logger): Promise<void> {
  // A database that does not answer could hold it for ever; what it has not committed, nobody was told of.
  const limitMs = (shutdown.deadlineSeconds + closingSeconds) * 1000;
  const limit = setTimeout(() => {
    log.error({ unit: "stop" }, "could not finish in time: leaving");
    process.exit(1);
  }, limitMs);
  await hub.stop();
  clearTimeout(limit);
}

/**
 * `hookyard serve [--role web|worker|all]`: runs until SIGTERM, SIGINT or SIGHUP, then stops cleanly; a second one ends it at
 * once.
 */
export async function serve(args: readonly string[]): Promise<void> {
  const role = parseRole(args);
  const config = loadConfig(process.env);
  // Lines are written off the event loop's back: a slow reader of the log must not slow the answers.
  const destination = pino.destination({ fd: 1, sync: false });
  const log = createLogger(config.logLevel, destination);
  const asked = listenForStop();
  const stopped = new Promise<void>((resolve) => {
    asked.addEventListener("abort", () => resolve(), { once: true });
  });
  let hub;
  try {
    hub = await createHub(config, { log, role, signal: asked });
  } catch (error) {
    if (!asked.aborted) throw error;
    log.info({ unit: "stop", signal: asked.reason }, "stopped before it was ready");
    return;
  }
  announceStart(hub, role, log);
  await stopped;
  log.info({ unit: "stop", signal: asked.reason }, "stopping: finishing what is under way");
  await stopHub(hub, config, log);
  log.info({ unit: "stop" }, "stopped");
  destination.flushSync();
}
