import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import type { News } from "./news.ts";

interface Row {
  readonly id: string;
}

interface MessageRow extends Row {
  readonly payload: Buffer;
}

interface EventRow extends Row {
  readonly type: string;
  readonly provider: string;
  readonly source_id: string;
  readonly delivery_id: string;
  readonly received_at: Date;
}

// Each is read backwards through its index by project, whose order is DESC NULLS LAST.
const selectIds = {
  name: "stream_ids",
  text: `(SELECT id FROM messages WHERE project_id = $1 AND id > $2 ORDER BY id NULLS FIRST LIMIT $3)
         UNION ALL
         (SELECT id FROM events WHERE project_id = $1 AND id > $2 ORDER BY id NULLS FIRST LIMIT $3)
         ORDER BY id LIMIT $3`,
};

const selectMessages = { name: "stream_messages", text: "SELECT id, payload FROM messages WHERE id = ANY ($1)" };

const selectEvents = {
  name: "stream_events",
  text: "SELECT id, type, provider, source_id, delivery_id, received_at FROM events WHERE id = ANY ($1)",
};

/** Uuids of what happened in a project after this one, oldest first; at most `limit`. */
export async function selectNewsIds(db: Executor, projectId: string, after: string, limit: number): Promise<string[]> {
  return (await db.query<Row>(selectIds, [projectId, after, limit])).map(({ id }) => id);
}

function ofMessage({ id, payload }: MessageRow): [string, News] {
  const { type, timestamp, data } = JSON.parse(payload.toString()) as Omit<News, "id">;
  return [id, { id: toWireId("message", id), type, timestamp, data }];
}

function ofEvent(row: EventRow): [string, News] {
  const id = toWireId("event", row.id);
  const { type, provider, delivery_id: deliveryId } = row;
  const event = { id, type, provider, sourceId: toWireId("source", row.source_id), deliveryId };
  return [row.id, { id, type: "event.accepted", timestamp: row.received_at.toISOString(), data: { event } }];
}

/** What happened under these ids, in their order. */
export async function selectNews(db: Executor, ids: readonly string[]): Promise<News[]> {
  const news = new Map([
    ...(await db.query<MessageRow>(selectMessages, [ids])).map(ofMessage),
    ...(await db.query<EventRow>(selectEvents, [ids])).map(ofEvent),
  ]);
  return ids.flatMap((id) => news.get(id) ?? []);
}
