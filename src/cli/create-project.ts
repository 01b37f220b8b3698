import { pino } from "pino";
import { createProject } from "../access/create-project.ts";
import { systemClock } from "../lib/clock.ts";
import { toWireId } from "../lib/ids.ts";
import { displayName } from "../lib/storable-text.ts";
import { loadConfig } from "../platform/config.ts";
import { createLogger } from "../platform/logger.ts";
import { openPlatform } from "../platform/open-platform.ts";
import { UsageError } from "./usage-error.ts";

/** `hookyard project create NAME`: makes a project and shows its first owner key, once. A running hub need not stop for it. */
export async function createProjectCommand([verb, given, ...rest]: readonly string[]): Promise<void> {
  if (verb !== "create" || given === undefined || rest.length > 0)
    throw new UsageError("Say `hookyard project create NAME`, with quotes around a name that has spaces.");
  const name = displayName.safeParse(given);
  if (!name.success) throw new UsageError(`The project's name ${name.error.issues[0]?.message ?? "is not one"}.`);
  const config = loadConfig(process.env);
  const platform = await openPlatform(config, {
    clock: systemClock,
    // Standard output is for the key alone, so that a script can read it.
    log: createLogger("warn", pino.destination(2)),
    version: "cli",
    publicUrl: () => config.publicUrl ?? "",
    supervise: false,
    postgres: { visit: true },
  });
  try {
    const project = await createProject(platform.services, name.data);
    process.stdout.write(`${toWireId("project", project.id)} ${project.ownerKey}\n`);
  } finally {
    await platform.close();
  }
}
