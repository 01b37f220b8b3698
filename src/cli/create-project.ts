import { createProject } from "../access/create-project.ts";
import { systemClock } from "../lib/clock.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { loadConfig } from "../platform/config.ts";
import { createLogger } from "../platform/logger.ts";
import { openPlatform } from "../platform/open-platform.ts";

/** `hookyard project create NAME`: makes a project and shows its first owner key, once. */
export async function createProjectCommand([verb, name, ...rest]: readonly string[]): Promise<void> {
  if (verb !== "create" || name === undefined || name === "" || rest.length > 0)
    throw new InvalidError("Say `hookyard project create NAME`.", []);
  const config = loadConfig(process.env);
  const platform = await openPlatform(config, {
    clock: systemClock,
    log: createLogger("warn"),
    version: "cli",
    publicUrl: () => config.publicUrl ?? "",
    supervise: false,
  });
  try {
    const project = await createProject(platform.services, name);
    process.stdout.write(`${toWireId("project", project.id)} ${project.ownerKey}\n`);
  } finally {
    await platform.close();
  }
}
