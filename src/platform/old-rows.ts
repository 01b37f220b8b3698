import { firstIdAt } from "../lib/ids.ts";
import type { Database, Transaction } from "./database.ts";

/** Which rows of a project have been kept for long enough. */
export interface OldRows {
  /** A uuid. */
  readonly projectId: string;
  /** Begun, and where they end, ended before this moment. */
  readonly before: Date;
}

/** So many rows are looked at in one transaction, whether they may go or not. */
const oldRowsBatch = 500;

const firstId = "00000000-0000-0000-0000-000000000000";

/**
 * Walks over old rows by their ids, oldest first, a transaction for each batch, and answers how many went. What has to stay
 * is passed over: the way never begins again within one walk, so that no batch looks at what an earlier one has.
 */
export async function walkOldRows(
  db: Database,
  { projectId, before }: OldRows,
  page: { readonly text: string; readonly values?: readonly unknown[] },
  remove: (tx: Transaction, ids: readonly string[]) => Promise<number>,
): Promise<number> {
  let after = firstId;
  let removed = 0;
  for (;;) {
    const values = [projectId, after, firstIdAt(before.getTime()), oldRowsBatch, ...(page.values ?? [])];
    const rows = await db.query<{ id: string }>({ text: page.text }, values);
    const last = rows.at(-1);
    if (last === undefined) return removed;
    const ids = rows.map(({ id }) => id);
    removed += await db.transaction((tx) => remove(tx, ids));
    if (rows.length < oldRowsBatch) return removed;
    after = last.id;
  }
}
