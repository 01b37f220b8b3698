import type { Transaction } from "../platform/database.ts";
import { eraseAttempts } from "./erase-attempts.ts";

// The index of an endpoint's deliveries by state.
const selectNext = {
  text: `SELECT id, created_at FROM deliveries WHERE endpoint_id = $1 AND state = $2 AND id < $3
         ORDER BY id DESC NULLS LAST LIMIT $4`,
};

/** Some of an endpoint's deliveries: the newest of a state before this uuid. */
export interface EndpointDeliveries {
  readonly endpointId: string;
  readonly state: string;
  readonly beforeId: string;
  readonly limit: number;
}

/**
 * Takes what was sent and answered out of the attempts at these deliveries. Answers with the uuid of the last of them, where
 * to go on; undefined: there are no more.
 */
export async function eraseEndpointAttempts(
  tx: Transaction,
  { endpointId, state, beforeId, limit }: EndpointDeliveries,
  now: Date,
): Promise<string | undefined> {
  const values = [endpointId, state, beforeId, limit];
  const rows = await tx.query<{ id: string; created_at: Date }>(selectNext, values);
  await eraseAttempts(tx, rows, now);
  return rows.length < limit ? undefined : rows.at(-1)?.id;
}
