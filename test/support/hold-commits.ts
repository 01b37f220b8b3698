import { openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import type { TestDatabase } from "./test-database.ts";

/** Keeps every commit of an event in this database waiting until `work` is done. */
export async function holdCommits({ connectionString }: TestDatabase, work: () => Promise<void>): Promise<void> {
  const db = openDatabase(connectionString, 1, createLogger("silent"));
  try {
    await db.transaction(async (tx) => {
      await tx.query({ text: "LOCK TABLE event_keys" }, []);
      await work();
    });
  } finally {
    await db.close();
  }
}
