import { firstIdAt } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import { type Counter, counters } from "./counters.ts";
import { Rollup } from "./rollup.ts";
import { addRollups, lockRollupCursor } from "./rollup-store.ts";

/*
 * These three tables only grow, and a row's id tells when it was made. So what is new is a range of the primary key, and
 * counting costs what is new, however much there is. A row is seen only after its commit, which no id tells: rows are
 * counted when every transaction that could still bring an older one is over.
 */

// Longer than a statement may take, an open transaction may idle, and clocks of one installation differ.
const settleMs = 60_000;
const batchSize = 2_000;

async function countBatch(services: Services, counter: Counter): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const after = await lockRollupCursor(tx, counter.table);
    if (after === undefined) return 0;
    const before = firstIdAt(services.clock.now() - settleMs);
    const rows = await tx.query<{ id: string; project_id: string }>(counter.statement, [after, before, batchSize]);
    const last = rows.at(-1);
    if (last === undefined) return 0;
    const rollup = new Rollup();
    for (const row of rows) counter.count(rollup, row);
    await addRollups(tx, counter.table, last.id, rollup.entries());
    return rows.length === batchSize ? rows.length : 0;
  });
}

/** Counts events, ends of tasks and attempts that are new; answers more than 0 while there may be more of them. */
export async function countNewRows(services: Services): Promise<number> {
  let counted = 0;
  for (const counter of counters) counted += await countBatch(services, counter);
  return counted;
}
