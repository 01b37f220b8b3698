import { parseArgs } from "node:util";
import { pino } from "pino";
import { createHub, type HubRole } from "../hub.ts";
import { InvalidError } from "../lib/errors.ts";
import { loadConfig } from "../platform/config.ts";
import { createLogger } from "../platform/logger.ts";

const roles: readonly HubRole[] = ["web", "worker", "all"];

/** `hookyard serve [--role web|worker|all]`: runs until SIGTERM or SIGINT, then stops cleanly; a second one ends it at once. */
export async function serve(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { role: { type: "string", default: "all" } } });
  const role = roles.find((known) => known === values.role);
  if (role === undefined)
    throw new InvalidError("--role is one of web, worker and all.", [{ path: "role", message: "is not a role" }]);

  const config = loadConfig(process.env);
  // Lines are written off the event loop's back: a slow reader of the log must not slow the answers.
  const destination = pino.destination({ fd: 1, sync: false });
  const log = createLogger(config.logLevel, destination);
  const stopped = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    let heard = false;
    process.on(signal, () => {
      if (heard) process.exit(1);
      heard = true;
      stopped.resolve(signal);
    });
  }
  const hub = await createHub(config, { log, role });
  if (hub.bootstrapKey !== undefined)
    // Not through the log, which may be shipped elsewhere: to whoever started it, once.
    process.stdout.write(
      `\n  Owner key of the default project (shown once, keep it): ${hub.bootstrapKey}\n` +
        `  export HOOKYARD_KEY=${hub.bootstrapKey}\n\n`,
    );
  log.info({ unit: "start", url: hub.url, role, pid: process.pid }, `Hookyard is ready at ${hub.url}`);

  const signal = await stopped.promise;
  log.info({ unit: "stop", signal }, "stopping: finishing what is under way");
  await hub.stop();
  log.info({ unit: "stop" }, "stopped");
  destination.flushSync();
}
