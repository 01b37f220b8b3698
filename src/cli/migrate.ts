import { loadConfig } from "../platform/config.ts";
import { openDatabase } from "../platform/database.ts";
import { createLogger } from "../platform/logger.ts";
import { migrate } from "../platform/migrator.ts";
import { openPostgres } from "../platform/open-platform.ts";
import { UsageError } from "./usage-error.ts";

/** `hookyard migrate up|down`: brings the schema to the newest migration, or takes the newest one back. */
export async function migrateSchema([direction, ...rest]: readonly string[]): Promise<void> {
  if ((direction !== "up" && direction !== "down") || rest.length > 0)
    throw new UsageError("Say `hookyard migrate up` or `hookyard migrate down`.");
  const config = loadConfig(process.env);
  const log = createLogger(config.logLevel);
  const { connectionString, stop } = await openPostgres(config, log, { visit: true });
  const db = openDatabase(connectionString, 2, log);
  try {
    const changed = await migrate(db.kysely, direction, log);
    if (!changed) log.info({ unit: "migrate" }, "nothing to change");
  } finally {
    await db.close();
    await stop();
  }
}
