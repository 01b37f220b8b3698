import { InvalidError } from "../lib/errors.ts";
import { loadConfig } from "../platform/config.ts";
import { openDatabase } from "../platform/database.ts";
import { startEmbeddedPostgres } from "../platform/embedded-postgres.ts";
import { createLogger } from "../platform/logger.ts";
import { migrate } from "../platform/migrator.ts";

/** `hookyard migrate up|down`: brings the schema to the newest migration, or takes the newest one back. */
export async function migrateSchema([direction = "up"]: readonly string[]): Promise<void> {
  if (direction !== "up" && direction !== "down")
    throw new InvalidError("Say `hookyard migrate up` or `hookyard migrate down`.", []);
  const config = loadConfig(process.env);
  const log = createLogger(config.logLevel);
  const embedded =
    config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : undefined;
  const db = openDatabase(config.databaseUrl ?? (embedded?.connectionString as string), 2, log);
  try {
    const changed = await migrate(db.kysely, direction, log);
    if (!changed) log.info({ unit: "migrate" }, "nothing to change");
  } finally {
    await db.close();
    await embedded?.stop();
  }
}
