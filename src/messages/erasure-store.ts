import type { Executor, Transaction } from "../platform/database.ts";

/** The erasure of a subscriber, and how far it has come. */
export interface SubscriberErasure {
  readonly subscriber_id: string;
  readonly project_id: string;
  /** What came after it is not touched. */
  readonly until_id: string;
  /** Up to which message, in the order of the subscriber's index. */
  readonly message_xid: string;
  readonly message_id: string;
  readonly messages_done: boolean;
  /** At which endpoint it is, or which was the last; and which of its deliveries come next, by state, the newest first. */
  readonly endpoint_id: string;
  readonly delivery_state: string | null;
  readonly delivery_id: string | null;
}

const firstId = "00000000-0000-0000-0000-000000000000";

// One that is under way goes on as it is.
const insertStatement = {
  text: `INSERT INTO subscriber_erasures
           (subscriber_id, project_id, until_id, message_xid, message_id, messages_done, endpoint_id)
         VALUES ($1, $2, $3, '0', $4, false, $4) ON CONFLICT DO NOTHING`,
};

/** Writes down that what was for a subscriber until now is to be erased; one that is under way stays as it is. */
export async function insertErasure(
  tx: Transaction,
  subscriberId: string,
  projectId: string,
  untilId: string,
): Promise<void> {
  await tx.query(insertStatement, [subscriberId, projectId, untilId, firstId]);
}

const lockStatement = {
  text: `SELECT * FROM subscriber_erasures WHERE $1::uuid IS NULL OR subscriber_id = $1
         ORDER BY subscriber_id LIMIT 1 FOR UPDATE SKIP LOCKED`,
};

/** An erasure that nobody is at just now: that of this subscriber, or any. Others pass it over until the transaction ends. */
export async function lockErasure(tx: Transaction, subscriberId?: string): Promise<SubscriberErasure | undefined> {
  return (await tx.query<SubscriberErasure>(lockStatement, [subscriberId ?? null]))[0];
}

/** Whether the erasure of a subscriber is under way. */
export async function isErasing(db: Executor, subscriberId: string): Promise<boolean> {
  const query = db.kysely.selectFrom("subscriber_erasures").select("subscriber_id");
  return (await query.where("subscriber_id", "=", subscriberId).executeTakeFirst()) !== undefined;
}

export async function updateErasure(
  tx: Transaction,
  subscriberId: string,
  changes: Partial<Omit<SubscriberErasure, "subscriber_id" | "project_id" | "until_id">>,
): Promise<void> {
  await tx.kysely.updateTable("subscriber_erasures").set(changes).where("subscriber_id", "=", subscriberId).execute();
}

export async function deleteErasure(tx: Transaction, subscriberId: string): Promise<void> {
  await tx.kysely.deleteFrom("subscriber_erasures").where("subscriber_id", "=", subscriberId).execute();
}

const selectNext = {
  text: `SELECT id, xid FROM messages
         WHERE project_id = $1 AND subscriber_id = $2 AND (xid, id) > ($3::xid8, $4::uuid) AND id < $5
         ORDER BY xid, id LIMIT $6`,
};

/** The next messages for the subscriber alone. */
export async function selectErasureMessages(
  tx: Transaction,
  { project_id, subscriber_id, message_xid, message_id, until_id }: SubscriberErasure,
  limit: number,
): Promise<{ readonly id: string; readonly xid: string }[]> {
  return await tx.query(selectNext, [project_id, subscriber_id, message_xid, message_id, until_id, limit]);
}

const selectEndpoint = {
  text: "SELECT id FROM endpoints WHERE subscriber_id = $1 AND id > $2 ORDER BY id LIMIT 1",
};

/** The next of the subscriber's endpoints; deleted ones count. */
export async function selectErasureEndpoint(
  tx: Transaction,
  { subscriber_id, endpoint_id }: SubscriberErasure,
): Promise<string | undefined> {
  return (await tx.query<{ id: string }>(selectEndpoint, [subscriber_id, endpoint_id]))[0]?.id;
}
