import { firstIdAt } from "../lib/ids.ts";
import type { Database, Executor, Transaction } from "./database.ts";
import { dayMs, type PartitionedTable } from "./daily-partitions.ts";
import type { Logger } from "./logger.ts";

/** The part of a table that holds the ids of one day. */
export interface DailyPartition {
  readonly table: PartitionedTable;
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
  readonly fromId: string;
  /** The first id of the next day. */
  readonly toId: string;
}

const selectNames = {
  text: `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = $1::regclass ORDER BY 1`,
};

function dayOf(table: PartitionedTable, name: string): DailyPartition[] {
  const [, year, month, day] = /_(\d{4})(\d{2})(\d{2})$/.exec(name) ?? [];
  if (year === undefined) return [];
  const fromMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const toMs = fromMs + dayMs;
  const range = { from: new Date(fromMs), to: new Date(toMs), fromId: firstIdAt(fromMs), toId: firstIdAt(toMs) };
  return [{ table, name, ...range }];
}

/** The days of a table that were over before this moment, oldest first; the default partition is none. */
export async function selectOldPartitions(
  db: Executor,
  table: PartitionedTable,
  before: Date,
): Promise<DailyPartition[]> {
  const rows = await db.query<{ name: string }>(selectNames, [table]);
  return rows.flatMap(({ name }) => dayOf(table, name)).filter((partition) => partition.to <= before);
}

/** Says what of a partition is still needed, in words for the log; undefined: nothing is. */
export type PendingIn = (db: Executor, partition: DailyPartition) => Promise<string | undefined>;

// While it waits, whoever writes to the table waits behind it.
const waitFor = "500ms";

async function dropUnused(tx: Transaction, partition: DailyPartition, pendingIn: PendingIn): Promise<boolean> {
  const { table, name } = partition;
  await tx.query({ text: `SET LOCAL lock_timeout = '${waitFor}'` }, []);
  // One at a time, and not while another hub makes partitions.
  await tx.query({ text: "SELECT pg_advisory_xact_lock(hashtext('hookyard partitions'))" }, []);
  const [there] = await tx.query<{ oid: string | null }>({ text: "SELECT to_regclass($1)::oid AS oid" }, [name]);
  if (there?.oid === null) return false;
  // The table first, as whoever reads or writes it; then nothing is added any more to what is looked at again.
  await tx.query({ text: `LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE` }, []);
  await tx.query({ text: `LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE` }, []);
  if ((await pendingIn(tx, partition)) !== undefined) return false;
  await tx.query({ text: `DROP TABLE ${name}` }, []);
  return true;
}

/**
 * Drops a day's partition and answers whether it did. One with pending work is kept, and the log says what; one that is too
 * busy to be locked within half a second, too: the next run tries again.
 */
export async function dropPartition(
  db: Database,
  log: Logger,
  partition: DailyPartition,
  pendingIn: PendingIn,
): Promise<boolean> {
  const line = { unit: "retention", partition: partition.name };
  const pending = await pendingIn(db, partition);
  if (pending !== undefined) {
    log.warn({ ...line, reason: pending }, "a day that is over is kept: work on it is still pending");
    return false;
  }
  try {
    const dropped = await db.transaction((tx) => dropUnused(tx, partition, pendingIn));
    if (dropped) log.info({ ...line, outcome: "dropped" }, "dropped a day that is over");
    return dropped;
  } catch (err) {
    log.warn({ ...line, err }, "a day that is over could not be dropped; trying again in an hour");
    return false;
  }
}
