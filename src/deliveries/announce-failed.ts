import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { newsOf, selectNewsOfEndpoints, type Tell } from "./hub-news.ts";

interface FailedRow {
  readonly id: string;
  readonly endpoint_id: string;
  readonly message_id: string;
  readonly type: string;
  readonly attempts: number;
  readonly last_outcome: string | null;
  readonly last_status: number | null;
}

// News that failed are no news: they would go round for ever.
const selectFailed = {
  name: "failed_deliveries_to_announce",
  text: `SELECT d.id, d.endpoint_id, d.message_id, m.type, d.attempts, d.last_outcome, d.last_status
         FROM deliveries d JOIN messages m ON m.id = d.message_id
         WHERE d.id = ANY ($1) AND d.state = 'failed' AND m.type <> 'message.failed' AND m.type NOT LIKE 'endpoint.%'
         ORDER BY d.id`,
};

/** Says `message.failed` of those of these deliveries that have failed for good, in the transaction in which they did. */
export async function announceFailed(tx: Transaction, deliveryIds: readonly string[], tell: Tell): Promise<void> {
  if (deliveryIds.length === 0) return;
  const rows = await tx.query<FailedRow>(selectFailed, [deliveryIds]);
  const endpoints = await selectNewsOfEndpoints(tx, [...new Set(rows.map((row) => row.endpoint_id))]);
  const news = rows.flatMap((row) => {
    const endpoint = endpoints.get(row.endpoint_id);
    if (endpoint === undefined) return [];
    const delivery = {
      id: toWireId("delivery", row.id),
      attempts: row.attempts,
      lastOutcome: row.last_outcome ?? undefined,
      lastStatus: row.last_status ?? undefined,
    };
    const message = { id: toWireId("message", row.message_id), type: row.type };
    return [newsOf(endpoint, "message.failed", { message, delivery })];
  });
  if (news.length > 0) await tell(tx, news);
}
