import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { newsOf, selectNewsOfEndpoints, type Tell } from "./hub-news.ts";

const switchOff = {
  name: "disable_endpoints",
  text: `UPDATE endpoints SET disabled = true, disabled_reason = $2, disabled_at = $3, updated_at = $3
         WHERE id = ANY ($1) AND NOT disabled AND deleted_at IS NULL
         RETURNING id`,
};

/**
 * Switches off endpoints that answered 410 Gone, or have failed for too long, and announces it as `endpoint.disabled`, in the
 * caller's transaction. What is for them from then on is held.
 */
export async function disableEndpoints(
  tx: Transaction,
  services: Services,
  endpointIds: readonly string[],
  reason: "gone" | "failing",
  tell: Tell,
): Promise<void> {
  const now = new Date(services.clock.now());
  const rows = await tx.query<{ id: string }>(switchOff, [endpointIds.toSorted(), reason, now]);
  const ids = rows.map((row) => row.id);
  await services.signals.emit(tx, "endpoints", ids);
  const endpoints = await selectNewsOfEndpoints(tx, ids);
  const news = [...endpoints.values()].map((endpoint) =>
    newsOf(endpoint, "endpoint.disabled", { endpoint: { reason } }),
  );
  await tell(tx, news);
}
