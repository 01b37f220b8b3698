import { createDeliveries, type NewDelivery } from "../deliveries/create-deliveries.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";

/** Something to tell the subscribers of a project. */
export interface Announcement {
  readonly projectId: string;
  /** E.g. `task.completed`. */
  readonly type: string;
  readonly data: object;
  /** Only to this subscriber's endpoints. */
  readonly subscriberId?: string;
  readonly taskId?: string;
  /** The publisher's own id: a second message with it is not stored. */
  readonly externalId?: string;
}

interface Match {
  readonly message_id: string;
  readonly project_id: string;
  readonly endpoint_id: string | null;
}

// Messages and the endpoints that want them in one statement. A message nobody wants comes back without an endpoint.
const insertMessages = {
  name: "insert_messages",
  text: `WITH stored AS (
           INSERT INTO messages (id, project_id, type, subscriber_id, task_id, external_id, payload, created_at)
           SELECT i.id, i.project_id, i.type, i.subscriber_id, i.task_id, i.external_id, i.payload, $8
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::bytea[])
             AS i (id, project_id, type, subscriber_id, task_id, external_id, payload)
           ON CONFLICT (project_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
           RETURNING id, project_id, type, subscriber_id
         )
         SELECT stored.id AS message_id, stored.project_id, e.id AS endpoint_id
         FROM stored LEFT JOIN endpoints e
           ON e.project_id = stored.project_id AND NOT e.disabled AND e.deleted_at IS NULL
          AND (e.event_types IS NULL OR stored.type = ANY (e.event_types))
          AND (stored.subscriber_id IS NULL OR stored.subscriber_id = e.subscriber_id)`,
};

/**
 * Stores messages, their deliveries and the jobs that carry them in the caller's transaction: what settled and what is
 * said of it commit together. The payload's bytes are made here, once, and are what every attempt sends and signs.
 * Answers with the ids of the messages in the order given; undefined for one whose external id was there already.
 */
export async function announce(
  tx: Transaction,
  services: Services,
  announcements: readonly Announcement[],
): Promise<(string | undefined)[]> {
  if (announcements.length === 0) return [];
  const now = new Date(services.clock.now());
  const timestamp = now.toISOString();
  const ids = announcements.map(() => services.newId());
  const matches = await tx.query<Match>(insertMessages, [
    ids,
    announcements.map((announcement) => announcement.projectId),
    announcements.map((announcement) => announcement.type),
    announcements.map((announcement) => announcement.subscriberId ?? null),
    announcements.map((announcement) => announcement.taskId ?? null),
    announcements.map((announcement) => announcement.externalId ?? null),
    announcements.map(({ type, data }) => Buffer.from(JSON.stringify({ type, timestamp, data }))),
    now,
  ]);
  const deliveries = matches.flatMap((match): NewDelivery[] =>
    match.endpoint_id === null
      ? []
      : [{ projectId: match.project_id, messageId: match.message_id, endpointId: match.endpoint_id }],
  );
  await createDeliveries(tx, services, deliveries);
  const stored = new Set(matches.map((match) => match.message_id));
  return ids.map((id) => (stored.has(id) ? id : undefined));
}
