import { readdir } from "node:fs/promises";
import { type Kysely, sql } from "kysely";
import { type Migration, type MigrationResult, type MigrationResultSet, Migrator } from "kysely/migration";
import { HubError, UnavailableError } from "../lib/errors.ts";
import type { Logger } from "./logger.ts";
import type { Tables } from "./tables.ts";

const folder = new URL("../../migrations/", import.meta.url);

async function readMigrations(): Promise<Record<string, Migration>> {
  const migrations: Record<string, Migration> = {};
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".ts")).toSorted())
    migrations[file.slice(0, -3)] = (await import(new URL(file, folder).href)) as Migration;
  return migrations;
}

// On a connection of its own without the pool's time limit: a step may take long, and so may waiting for another hub's.
async function run(kysely: Kysely<Tables>, direction: "up" | "down"): Promise<MigrationResultSet> {
  return await kysely.connection().execute(async (db) => {
    await sql`SET statement_timeout = 0`.execute(db);
    const provider = { getMigrations: readMigrations };
    const migrator = new Migrator({ db, provider, migrationTableSchema: "public" });
    const result = direction === "up" ? await migrator.migrateToLatest() : await migrator.migrateDown();
    await sql`RESET statement_timeout`.execute(db);
    return result;
  });
}

function describeFailure(error: unknown, direction: string, results: readonly MigrationResult[]): string {
  const why = error instanceof Error ? error.message : JSON.stringify(error);
  const failed = results.find((result) => result.status === "Error")?.migrationName;
  const what = failed === undefined ? `Migration ${direction}` : `Migration ${failed} ${direction}`;
  // Kysely's words for one that was applied and is not in the folder.
  const remedy = /is missing/.test(why) ? ". The schema is newer than this hookyard: run the newer one." : "";
  return `${what} failed: ${why}${remedy}`;
}

/**
 * Brings the schema to the newest migration, or takes the newest one back. Two at once are safe: one applies, the other
 * finds nothing to do. A step that fails leaves the schema as it was before it, and throws UnavailableError
 * `migration_failed`. Answers whether anything changed.
 */
export async function migrate(kysely: Kysely<Tables>, direction: "up" | "down", log: Logger): Promise<boolean> {
  const { error, results = [] } = await run(kysely, direction);
  if (error instanceof HubError) throw error;
  if (error !== undefined)
    throw new UnavailableError("migration_failed", describeFailure(error, direction, results), { cause: error });
  const migrations = results.map((result) => result.migrationName);
  if (migrations.length > 0) log.info({ unit: "migrate", migrations, outcome: direction }, "schema changed");
  return migrations.length > 0;
}
