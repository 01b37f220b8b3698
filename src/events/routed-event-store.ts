import { toWireId } from "../lib/ids.ts";
import { parseBody } from "../lib/parse-body.ts";
import type { Executor } from "../platform/database.ts";
import type { RoutedEvent } from "../routing/decide-events.ts";

interface StoredRow {
  readonly id: string;
  readonly project_id: string;
  readonly source_id: string;
  readonly source_name: string;
  readonly provider: string;
  readonly type: string;
  readonly delivery_id: string;
  readonly received_at: Date;
  readonly headers: Record<string, string>;
  readonly content_type: string | null;
  readonly body: Buffer;
}

// Joined from the list, not `id = ANY`: so each id prunes to the one partition of its day.
const text = `
  SELECT e.id, e.project_id, e.source_id, s.name AS source_name, e.provider, e.type, e.delivery_id, e.received_at, e.headers,
         e.content_type, e.body
  FROM unnest($1::uuid[]) AS i (id) JOIN events e ON e.id = i.id JOIN sources s ON s.id = e.source_id
  WHERE e.erased_at IS NULL
  ORDER BY e.id`;
const selectRouted = { name: "select_routed_events", text };
const lockRouted = { name: "lock_routed_events", text: `${text} FOR SHARE OF e` };

/**
 * These events as routes see them, in the order in which they came; those that retention has taken, or that were erased, are
 * missing. With `lock`, neither takes them away until the transaction ends, under the tasks that are about to be made.
 */
export async function selectRoutedEvents(db: Executor, ids: readonly string[], lock?: "share"): Promise<RoutedEvent[]> {
  if (ids.length === 0) return [];
  const statement = lock === undefined ? selectRouted : lockRouted;
  return (await db.query<StoredRow>(statement, [ids])).map(routedEventOf);
}

function routedEventOf(row: StoredRow): RoutedEvent {
  const parsed = parseBody(row.body, row.content_type ?? undefined);
  return {
    row: {
      id: row.id,
      projectId: row.project_id,
      sourceId: row.source_id,
      provider: row.provider,
      type: row.type,
      deliveryId: row.delivery_id,
      receivedAt: row.received_at,
      headers: row.headers,
      body: row.body,
    },
    source: { wireId: toWireId("source", row.source_id), name: row.source_name },
    body: parsed.ok ? parsed.value : undefined,
  };
}
