import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";

/** Something to tell a project's subscribers; the composition root says how. */
export interface HubNews {
  readonly projectId: string;
  readonly type: "endpoint.disabled";
  readonly data: object;
}

/** Tells the subscribers of a project, in the caller's transaction. */
export type Tell = (tx: Transaction, news: readonly HubNews[]) => Promise<unknown>;

const switchOff = {
  name: "disable_gone_endpoints",
  text: `UPDATE endpoints SET disabled = true, disabled_reason = 'gone', updated_at = $2
         WHERE id = ANY ($1) AND NOT disabled
         RETURNING id, project_id, url`,
};

/** Switches off endpoints that answered 410 Gone and announces it as `endpoint.disabled`, in the caller's transaction. */
export async function disableGoneEndpoints(
  tx: Transaction,
  services: Services,
  endpointIds: readonly string[],
  tell: Tell,
): Promise<void> {
  const values = [endpointIds, new Date(services.clock.now())];
  const rows = await tx.query<{ id: string; project_id: string; url: string }>(switchOff, values);
  await services.signals.emit(
    tx,
    "endpoints",
    rows.map((row) => row.id),
  );
  const news = rows.map((row): HubNews => {
    const endpoint = { id: toWireId("endpoint", row.id), url: row.url, reason: "gone" };
    return { projectId: row.project_id, type: "endpoint.disabled", data: { endpoint } };
  });
  await tell(tx, news);
}
