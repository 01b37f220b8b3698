import type { Executor } from "../platform/database.ts";
import type { PartitionedTable } from "../platform/daily-partitions.ts";
import { type DailyPartition, dropPartition, selectOldPartitions } from "../platform/drop-partition.ts";
import type { Services } from "../platform/services.ts";
import { findPendingWork } from "./pending-events-store.ts";

const selectEventOfDay = { text: "SELECT 1 FROM events WHERE id >= $1 AND id < $2 LIMIT 1" };

// What is known of a day's events goes after them.
async function findEvents(db: Executor, { fromId, toId }: DailyPartition): Promise<string | undefined> {
  return (await db.query(selectEventOfDay, [fromId, toId])).length > 0 ? "events" : undefined;
}

// By way of the few deliveries of that age that are still pending; the attempts themselves are looked up.
const selectPendingDelivery = (partition: string): { readonly text: string } => ({
  text: `SELECT 1 FROM projects p CROSS JOIN LATERAL (
           SELECT d.id FROM deliveries d WHERE d.project_id = p.id AND d.state = 'pending' AND d.id < $1
         ) AS waiting
         WHERE EXISTS (SELECT FROM ${partition} a WHERE a.delivery_id = waiting.id) LIMIT 1`,
});

async function findPendingDeliveries(db: Executor, { name, toId }: DailyPartition): Promise<string | undefined> {
  return (await db.query(selectPendingDelivery(name), [toId])).length > 0 ? "deliveries" : undefined;
}

// In this order: a day's events first.
const pendingIn = new Map<PartitionedTable, (db: Executor, partition: DailyPartition) => Promise<string | undefined>>([
  ["events", findPendingWork],
  ["event_decisions", findEvents],
  ["event_misses", findEvents],
  ["event_replays", findEvents],
  ["attempts", findPendingDeliveries],
]);

/** Drops the days that were over before this moment, and answers how many partitions went. */
export async function dropOldDays({ db, log }: Services, before: Date): Promise<number> {
  let dropped = 0;
  for (const [table, pending] of pendingIn)
    for (const partition of await selectOldPartitions(db, table, before))
      if (await dropPartition(db, log, partition, pending)) dropped += 1;
  return dropped;
}
