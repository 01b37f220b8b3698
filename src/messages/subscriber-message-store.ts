import type { Executor } from "../platform/database.ts";
import type { FullMessageRow } from "./store.ts";

/** What a subscriber may see: what is for it, and what is for all. */
interface SubscriberMessages {
  readonly projectId: string;
  readonly subscriberId: string;
  readonly type?: string | undefined;
  /** The uuid of the message before the first; it may be gone. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

// Two ranges of one index, each to its limit: what is for others is never passed over. With and without a cursor they are two
// statements, since a bound that may be absent is none to the index: it would be read from its beginning each time.
const bothRanges = (bounds: string, order: string): string => {
  const range = (whose: string): string =>
    `(SELECT * FROM messages WHERE project_id = $1 AND ${whose} AND ($3::text IS NULL OR type = $3)${bounds}
      ORDER BY ${order} LIMIT $4)`;
  return `SELECT * FROM (${range("subscriber_id = $2")} UNION ALL ${range("subscriber_id IS NULL")}) AS visible
          ORDER BY ${order} LIMIT $4`;
};

const cursorXid = "(SELECT xid FROM messages WHERE id = $5)";
const newestOrder = "xid DESC, id DESC";
const newest = {
  first: { text: bothRanges("", newestOrder) },
  next: { text: bothRanges(` AND (xid, id) < (${cursorXid}, $5::uuid)`, newestOrder) },
};
// A transaction under way may yet store a message with a smaller id, or an older number, than what is there already: nothing
// is shown from the oldest of them on. Who comes back with a cursor whose message is gone begins again: better twice than never.
const isSettled = " AND xid < pg_snapshot_xmin(pg_current_snapshot())";
const settled = {
  first: { text: bothRanges(isSettled, "xid, id") },
  next: { text: bothRanges(`${isSettled} AND (xid, id) > (coalesce(${cursorXid}, '0'), $5::uuid)`, "xid, id") },
};

function valuesOf({ projectId, subscriberId, type, limit, cursor }: SubscriberMessages): unknown[] {
  return [projectId, subscriberId, type ?? null, limit, ...(cursor === undefined ? [] : [cursor])];
}

/** The newest messages that a subscriber may see. */
export async function selectNewestForSubscriber(db: Executor, which: SubscriberMessages): Promise<FullMessageRow[]> {
  return await db.query<FullMessageRow>(which.cursor === undefined ? newest.first : newest.next, valuesOf(which));
}

/** The messages that a subscriber may see after a cursor, in an order that never changes any more. */
export async function selectSettledForSubscriber(db: Executor, which: SubscriberMessages): Promise<FullMessageRow[]> {
  return await db.query<FullMessageRow>(which.cursor === undefined ? settled.first : settled.next, valuesOf(which));
}
