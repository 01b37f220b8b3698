import type { Executor, Transaction } from "../platform/database.ts";

/** The last message that a reader acknowledged, as a uuid. */
export async function selectPosition(
  db: Executor,
  subscriberId: string,
  consumer: string,
): Promise<string | undefined> {
  const row = await db.kysely
    .selectFrom("subscriber_positions")
    .select("message_id")
    .where("subscriber_id", "=", subscriberId)
    .where("consumer", "=", consumer)
    .executeTakeFirst();
  return row?.message_id;
}

/** Puts a reader's position in the place of the one that is there. */
export async function upsertPosition(
  tx: Transaction,
  position: {
    readonly subscriberId: string;
    readonly consumer: string;
    readonly messageId: string;
    readonly now: Date;
  },
): Promise<void> {
  const values = { message_id: position.messageId, updated_at: position.now };
  await tx.kysely
    .insertInto("subscriber_positions")
    .values({ subscriber_id: position.subscriberId, consumer: position.consumer, ...values })
    .onConflict((conflict) => conflict.columns(["subscriber_id", "consumer"]).doUpdateSet(values))
    .execute();
}
