import { readdir } from "node:fs/promises";
import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { Logger } from "./logger.ts";
import type { Tables } from "./tables.ts";

const folder = new URL("../../migrations/", import.meta.url);

async function readMigrations(): Promise<Record<string, Migration>> {
  const migrations: Record<string, Migration> = {};
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".ts")).toSorted())
    migrations[file.slice(0, -3)] = (await import(new URL(file, folder).href)) as Migration;
  return migrations;
}

/**
 * Brings the schema to the newest migration, or takes the newest one back. Two at once are safe: one applies, the other
 * finds nothing to do. A step that fails leaves the schema as it was before it, and throws. Answers whether anything changed.
 */
export async function migrate(kysely: Kysely<Tables>, direction: "up" | "down", log: Logger): Promise<boolean> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: readMigrations },
    migrationTableSchema: "public",
  });
  const { error, results = [] } = direction === "up" ? await migrator.migrateToLatest() : await migrator.migrateDown();
  if (error !== undefined) {
    const why = error instanceof Error ? error.message : JSON.stringify(error);
    throw new Error(`migration ${direction} failed: ${why}`, { cause: error });
  }
  const migrations = results.map((result) => result.migrationName);
  if (migrations.length > 0) log.info({ unit: "migrate", migrations, outcome: direction }, "schema changed");
  return migrations.length > 0;
}
