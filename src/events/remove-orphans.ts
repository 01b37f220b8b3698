import { firstIdAt } from "../lib/ids.ts";
import type { Database } from "../platform/database.ts";

const maxBatch = 500;
const firstId = "00000000-0000-0000-0000-000000000000";

// The rows that have no day's partition, and whose event went with its own. `key` makes the way through them.
const statementOf = (table: string, key: string, isNeeded: string): { readonly text: string } => ({
  text: `WITH page AS (SELECT ${key} AS id FROM ${table}_default WHERE ${key} > $1 AND ${key} < $2 ORDER BY ${key} LIMIT ${maxBatch}),
         gone AS (
           DELETE FROM ${table}_default x USING page WHERE x.${key} = page.id AND NOT EXISTS (${isNeeded})
         )
         SELECT max(id::text)::uuid AS last, count(*)::int AS rows FROM page`,
});

const ofEvent = "SELECT FROM events e WHERE e.id = x.event_id";
const statements = [
  ...["event_decisions", "event_misses", "event_replays"].map((table) => statementOf(table, "event_id", ofEvent)),
  statementOf("attempts", "id", "SELECT FROM deliveries d WHERE d.id = x.delivery_id AND d.state = 'pending'"),
];

/** Removes what is left, in the default partitions, of events and deliveries that are over. */
export async function removeOrphans(db: Database, before: Date): Promise<void> {
  const beforeId = firstIdAt(before.getTime());
  for (const statement of statements)
    for (let after = firstId; ;) {
      const [page] = await db.query<{ last: string | null; rows: number }>(statement, [after, beforeId]);
      if (page?.last === null || page === undefined || page.rows < maxBatch) break;
      after = page.last;
    }
}
