import { firstIdAt } from "../lib/ids.ts";
import type { Database } from "./database.ts";
import type { Logger } from "./logger.ts";

/** The tables that are cut into a partition a day, by the time in their UUIDv7 ids. */
export const partitionedTables = ["events", "event_decisions", "event_misses", "event_replays", "attempts"] as const;

/** A table that is cut by days. */
export type PartitionedTable = (typeof partitionedTables)[number];

export const dayMs = 86_400_000;
const daysAhead = 3;

/**
 * Makes the partitions of today and the next days. Rows of a day without one go to the default partition, so a day for
 * which that has happened is left as it is, and nothing is lost by it.
 */
export async function ensureDailyPartitions(db: Database, nowMs: number, log: Logger): Promise<void> {
  for (let day = 0; day <= daysAhead; day += 1) {
    const startMs = Math.floor(nowMs / dayMs + day) * dayMs;
    const name = new Date(startMs).toISOString().slice(0, 10).replaceAll("-", "");
    for (const table of partitionedTables) {
      const range = `FROM ('${firstIdAt(startMs)}') TO ('${firstIdAt(startMs + dayMs)}')`;
      try {
        await db.transaction(async (tx) => {
          await tx.query({ text: "SET LOCAL lock_timeout = '2s'" }, []);
          // Hubs that start together take turns; IF NOT EXISTS alone can still collide in the catalogue.
          await tx.query({ text: "SELECT pg_advisory_xact_lock(hashtext('hookyard partitions'))" }, []);
          const partition = `${table}_${name}`;
          await tx.query(
            { text: `CREATE TABLE IF NOT EXISTS ${partition} PARTITION OF ${table} FOR VALUES ${range}` },
            [],
          );
        });
      } catch (err) {
        log.warn({ unit: "partitions", reason: `${table}_${name}`, err }, "a day's partition could not be made");
      }
    }
  }
}
