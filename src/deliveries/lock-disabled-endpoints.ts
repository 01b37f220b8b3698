import type { Transaction } from "../platform/database.ts";

const lockOff = {
  name: "lock_disabled_endpoints",
  text: `SELECT id FROM endpoints WHERE id = ANY ($1) AND disabled ORDER BY id FOR SHARE`,
};

/**
 * Which of these endpoints are off, and stay so until the transaction ends: what is held for one that has just been enabled
 * would wait for ever, since whoever enables it lets go of what is held at that moment.
 */
export async function lockDisabledEndpoints(
  tx: Transaction,
  endpointIds: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(endpointIds)];
  if (ids.length === 0) return new Set();
  const rows = await tx.query<{ id: string }>(lockOff, [ids]);
  return new Set(rows.map((row) => row.id));
}
