import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { ownMessageQueue } from "./own-message-queue.ts";

/** Has these messages become events, from the transaction that stores them: none is lost, and none comes before it. */
export async function queueOwnMessages(
  tx: Transaction,
  { queue, signals }: Services,
  messageIds: readonly string[],
): Promise<void> {
  if (messageIds.length === 0) return;
  await queue.insert(
    tx,
    ownMessageQueue,
    messageIds.map((id) => ({ id })),
  );
  await signals.emit(tx, "ownMessages", ["due"]);
}
