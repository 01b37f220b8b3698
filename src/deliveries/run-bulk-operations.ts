import { documentOfMessage, fitsEndpointFilter } from "../endpoints/endpoint-filter.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { type BulkItem, selectBulkBatch } from "./bulk-batch-store.ts";
import type { BulkKind } from "./bulk-operation.ts";
import { type BulkRow, lockDueBulk, updateBulk } from "./bulk-store.ts";
import { createDeliveries } from "./create-deliveries.ts";
import { deliveryQueue } from "./delivery-queue.ts";
import { redriveDeliveries } from "./redrive-deliveries.ts";

const maxBatch = 500;

const cancelAll = {
  name: "cancel_deliveries",
  text: `UPDATE deliveries SET state = 'canceled', settled_at = $2, next_attempt_at = NULL, held = false,
                last_outcome = coalesce($3, last_outcome)
         WHERE id = ANY ($1) AND state = 'pending'`,
};

interface Sent {
  readonly id: string;
  readonly endpoint_id: string;
}

async function cancel(tx: Transaction, services: Services, ids: readonly string[], outcome: string | null) {
  await tx.query(cancelAll, [ids, new Date(services.clock.now()), outcome]);
  await services.queue.remove(tx, deliveryQueue, ids);
}

function fits({ message_id: id, filter, payload, subscriber_id = null, channels = null }: BulkItem): boolean {
  if (filter === undefined || filter === null || payload === undefined || payload === null) return true;
  return fitsEndpointFilter(filter, documentOfMessage({ id, payload, subscriber_id, channels }));
}

// What is pending and not held is on its way: a second job for it would send it twice.
async function resend(tx: Transaction, services: Services, operation: BulkRow, items: readonly BulkItem[]) {
  const wanted = items.filter(fits);
  const missing = wanted.filter(({ id }) => id === null);
  await createDeliveries(
    tx,
    services,
    missing.map((item) => ({
      projectId: operation.project_id,
      messageId: item.message_id,
      endpointId: item.endpoint_id,
    })),
  );
  const settled = wanted.filter(({ id, state }) => id !== null && state !== "pending") as readonly Sent[];
  await redriveDeliveries(tx, services, settled);
  return items.length - missing.length - settled.length;
}

/** Does one batch; answers how many of it were left as they were. */
async function handle(tx: Transaction, services: Services, operation: BulkRow, items: readonly BulkItem[]) {
  const sent = items.filter(({ id }) => id !== null) as readonly (BulkItem & Sent)[];
  const ids = sent.map(({ id }) => id);
  switch (operation.kind as BulkKind) {
    case "recover":
    case "release":
      await redriveDeliveries(tx, services, sent);
      return 0;
    case "cancel":
      await cancel(tx, services, ids, null);
      return 0;
    case "discard":
      await cancel(tx, services, ids, "endpoint_disabled");
      return 0;
    case "replay":
      return await resend(tx, services, operation, items);
  }
}

/**
 * Does the next batch of the bulk operation that is due longest, as large as its rate allows a second. Answers 1 when there
 * was one: call again until there is none. What was done and how far it is commit together.
 */
export async function runBulkOperations(services: Services): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const now = services.clock.now();
    const operation = await lockDueBulk(tx, new Date(now));
    if (operation === undefined) return 0;
    const limit = Math.min(maxBatch, operation.rate_per_second);
    const items = await selectBulkBatch(tx, operation, limit);
    const skipped = items.length === 0 ? 0 : await handle(tx, services, operation, items);
    const isOver = items.length < limit;
    await updateBulk(tx, operation.id, {
      done: operation.done + items.length - skipped,
      skipped: operation.skipped + skipped,
      position: items.at(-1)?.position ?? operation.position,
      due_at: new Date(now + (items.length / operation.rate_per_second) * 1000),
      ...(isOver ? { state: "completed", finished_at: new Date(now) } : {}),
    });
    return 1;
  });
}
