import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import type { EventDocument } from "../routing/event-document.ts";
import { parseBody } from "../lib/parse-body.ts";

interface DocumentRow {
  readonly id: string;
  readonly type: string;
  readonly provider: string;
  readonly source_id: string;
  readonly source_name: string;
  readonly delivery_id: string;
  readonly received_at: Date;
  readonly headers: Record<string, string>;
  readonly content_type: string | null;
  readonly body: Buffer;
}

// Joined from the list, not `id = ANY`: so each id prunes to the one partition of its day.
const selectDocuments = {
  name: "select_event_documents",
  text: `SELECT e.id, e.type, e.provider, e.source_id, s.name AS source_name, e.delivery_id, e.received_at, e.headers,
                e.content_type, e.body
         FROM unnest($1::uuid[]) AS i (id) JOIN events e ON e.id = i.id JOIN sources s ON s.id = e.source_id
         WHERE e.erased_at IS NULL`,
};

// The length of a stored value is known without reading it.
const selectSizes = {
  name: "select_event_sizes",
  text: `SELECT e.id, octet_length(e.body) AS bytes FROM unnest($1::uuid[]) AS i (id) JOIN events e ON e.id = i.id`,
};

/** How many bytes the bodies of these events have. */
export async function selectEventSizes(db: Executor, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.query<{ id: string; bytes: number }>(selectSizes, [ids]);
  return new Map(rows.map((row) => [row.id, row.bytes]));
}

/** The event documents of these ids, as routes saw them; one that retention has taken, or that was erased, is missing. */
export async function selectEventDocuments(db: Executor, ids: readonly string[]): Promise<Map<string, EventDocument>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<DocumentRow>(selectDocuments, [ids]);
  return new Map(
    rows.map((row): [string, EventDocument] => {
      const parsed = parseBody(row.body, row.content_type ?? undefined);
      const document = {
        id: toWireId("event", row.id),
        type: row.type,
        provider: row.provider,
        source: { id: toWireId("source", row.source_id), name: row.source_name },
        deliveryId: row.delivery_id,
        receivedAt: row.received_at.toISOString(),
        headers: row.headers,
        body: parsed.ok ? parsed.value : undefined,
      };
      return [row.id, document];
    }),
  );
}
