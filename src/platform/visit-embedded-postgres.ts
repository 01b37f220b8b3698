import { ConflictError } from "../lib/errors.ts";
import { readPassword } from "./embedded-cluster.ts";
import { chooseEmbeddedHome } from "./embedded-home.ts";
import { connectionString, isOurs } from "./embedded-postgres.ts";
import { readPidFile } from "./embedded-server.ts";
import type { Logger } from "./logger.ts";

/**
 * The database of the embedded Postgres that another process runs on `dataDir`, for as long as that one lets it run.
 * Throws ConflictError `data_directory_in_use` when it cannot be reached, because it starts or stops at this moment.
 */
export async function visitEmbeddedPostgres(dataDir: string, log: Logger): Promise<string> {
  const home = await chooseEmbeddedHome(dataDir, log);
  const server = await readPidFile(home);
  if (server !== undefined) {
    const password = await readPassword(home);
    if (await isOurs(server, home, password)) return connectionString(server, password);
  }
  const message = `${dataDir} is in use by another hookyard, whose Postgres does not answer; try again, or stop that one.`;
  throw new ConflictError("data_directory_in_use", message);
}
