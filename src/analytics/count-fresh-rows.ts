import type { Transaction } from "../platform/database.ts";
import { type Counter, counters } from "./counters.ts";
import { Rollup, type RollupEntry } from "./rollup.ts";
import { selectRollupCursor } from "./rollup-store.ts";

// As many as come within a minute and a half of some fifty a second; reading them takes some tens of milliseconds.
const maxRows = 5_000;
const endOfIds = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** What is too young to have been counted. */
export interface FreshNumbers {
  readonly entries: readonly RollupEntry[];
  /** Whether there was more of it than is read for one answer. */
  readonly isPartial: boolean;
}

async function countFresh(tx: Transaction, counter: Counter, projectId: string, rollup: Rollup): Promise<boolean> {
  const after = await selectRollupCursor(tx, counter.table);
  const rows = await tx.query<{ id: string; project_id: string }>(counter.statement, [after, endOfIds, maxRows]);
  for (const row of rows) if (row.project_id === projectId) counter.count(rollup, row);
  return rows.length === maxRows;
}

/**
 * Counts what happened in a project since the background counting (count-new-rows.ts) last did, which is a minute behind.
 * `tx` must read all from one snapshot, the stored numbers too, so that no row is in both or in neither.
 */
export async function countFreshRows(tx: Transaction, projectId: string): Promise<FreshNumbers> {
  const rollup = new Rollup();
  let isPartial = false;
  for (const counter of counters) isPartial = (await countFresh(tx, counter, projectId, rollup)) || isPartial;
  return { entries: rollup.entries(), isPartial };
}
