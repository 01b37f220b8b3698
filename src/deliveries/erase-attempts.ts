import { firstIdAt } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";

/** A delivery whose attempts are to lose what was sent and answered. */
interface Sent {
  readonly id: string;
  readonly created_at: Date;
}

// Clocks differ: an attempt's id may be a little older than its delivery.
const slackMs = 3_600_000;

// Unnamed, so that it is planned for its very days. What was sent is the message; of the attempt, its headers.
const eraseStatement = {
  text: `UPDATE attempts SET request_headers = '{}', response_headers = NULL, response_body = NULL, error = NULL,
                response_truncated = false, erased_at = $3
         WHERE delivery_id = ANY ($1) AND id >= $2 AND erased_at IS NULL`,
};

/** Takes what was sent and what was answered out of the attempts at these deliveries; how each went stays. */
export async function eraseAttempts(tx: Transaction, deliveries: readonly Sent[], now: Date): Promise<void> {
  if (deliveries.length === 0) return;
  const fromMs = Math.min(...deliveries.map((delivery) => delivery.created_at.getTime())) - slackMs;
  await tx.query(eraseStatement, [deliveries.map(({ id }) => id), firstIdAt(fromMs), now]);
}
