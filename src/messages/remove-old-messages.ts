import type { Transaction } from "../platform/database.ts";
import { type OldRows, walkOldRows } from "../platform/old-rows.ts";
import type { Services } from "../platform/services.ts";
import { ownMessageQueue } from "./own-message-queue.ts";

// The index of a project's messages, read backwards.
const selectOld = `SELECT id FROM messages WHERE project_id = $1 AND id > $2 AND id < $3 ORDER BY id NULLS FIRST LIMIT $4`;

// Whoever is about to send one has it locked, and it is passed over.
const lockMessages = {
  name: "lock_old_messages",
  text: "SELECT id FROM messages WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED",
};

// A statement after the lock, so that it sees what was committed before that was had.
const deleteUnused = {
  name: "delete_old_messages",
  text: `DELETE FROM messages m WHERE m.id = ANY ($1)
           AND NOT EXISTS (SELECT FROM deliveries d WHERE d.message_id = m.id) RETURNING m.id`,
};

async function removeUnused(tx: Transaction, { queue }: Services, ids: readonly string[]): Promise<number> {
  const locked = await tx.query<{ id: string }>(lockMessages, [ids]);
  const jobs = locked.map(({ id }) => ({ sourceQueue: ownMessageQueue, sourceId: id }));
  const awaited = jobs.length === 0 ? new Set() : await queue.selectUnfinished(tx, jobs);
  const unused = locked.flatMap(({ id }) => (awaited.has(id) ? [] : [id]));
  return unused.length === 0 ? 0 : (await tx.query(deleteUnused, [unused])).length;
}

/** Removes a project's old messages, but for those that a delivery is left of, or that are yet to become events. */
export async function removeOldMessages(services: Services, old: OldRows): Promise<number> {
  return await walkOldRows(services.db, old, { text: selectOld }, (tx, ids) => removeUnused(tx, services, ids));
}
