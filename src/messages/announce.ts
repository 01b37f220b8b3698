import { createDeliveries, type NewDelivery } from "../deliveries/create-deliveries.ts";
import { holdDeliveries } from "../deliveries/hold-deliveries.ts";
import { lockDisabledEndpoints } from "../deliveries/lock-disabled-endpoints.ts";
import { documentOfMessage, fitsEndpointFilter, type MessageDocument } from "../endpoints/endpoint-filter.ts";
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
  /** To this one's too. */
  readonly alsoSubscriberId?: string;
  /** To this endpoint alone, whatever it asks for. */
  readonly onlyEndpointId?: string;
  /** Not to this one: it is what the message is about. */
  readonly exceptEndpointId?: string;
  readonly taskId?: string;
  /** Only to endpoints that name none, or one of these. */
  readonly channels?: readonly string[];
  /** The publisher's own id: a second message with it is not stored. */
  readonly externalId?: string;
}

interface Match {
  readonly message_id: string;
  readonly project_id: string;
  readonly endpoint_id: string | null;
  /** Its endpoint is off. */
  readonly held: boolean;
  /** The endpoint's filter, as JSON. */
  readonly filter: string | null;
}

// Messages and the endpoints that want them in one statement. A message nobody wants comes back without an endpoint. An
// array of arrays would be flattened by unnest: channels, which have no comma, come as one text.
const insertMessages = {
  name: "insert_messages",
  text: `WITH input AS (
           SELECT i.*, string_to_array(i.channel_list, ',') AS channels
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::bytea[], $9::text[],
                       $10::uuid[], $11::uuid[], $12::uuid[])
             AS i (id, project_id, type, subscriber_id, task_id, external_id, payload, channel_list,
                   also_subscriber_id, only_endpoint_id, except_endpoint_id)
         ), stored AS (
           INSERT INTO messages (id, project_id, type, subscriber_id, task_id, external_id, payload, created_at, channels)
           SELECT id, project_id, type, subscriber_id, task_id, external_id, payload, $8, channels FROM input
           ON CONFLICT (project_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
           RETURNING id
         )
         SELECT i.id AS message_id, i.project_id, e.id AS endpoint_id, coalesce(e.disabled, false) AS held,
                CASE WHEN i.only_endpoint_id IS NULL THEN e.filter::text END AS filter
         FROM stored JOIN input i ON i.id = stored.id LEFT JOIN endpoints e
           ON e.project_id = i.project_id AND e.deleted_at IS NULL
          AND CASE WHEN i.only_endpoint_id IS NULL THEN
                (e.event_types IS NULL OR i.type = ANY (e.event_types) OR i.type LIKE ANY (e.event_type_patterns))
                AND (e.channels IS NULL OR e.channels && i.channels)
                AND (i.subscriber_id IS NULL OR e.subscriber_id IN (i.subscriber_id, i.also_subscriber_id))
                AND e.id IS DISTINCT FROM i.except_endpoint_id
              ELSE e.id = i.only_endpoint_id END`,
};

const noPayload = Buffer.from("{}");

// A message is parsed when the first filter wants to see it: most meet none.
function fitting(documentOf: (messageId: string) => MessageDocument): (match: Match) => boolean {
  const documents = new Map<string, MessageDocument>();
  return ({ message_id, filter }) => {
    if (filter === null) return true;
    const document = documents.get(message_id) ?? documentOf(message_id);
    documents.set(message_id, document);
    return fitsEndpointFilter(filter, document);
  };
}

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
  const payloads = announcements.map(({ type, data }) => Buffer.from(JSON.stringify({ type, timestamp, data })));
  const matches = await tx.query<Match>(insertMessages, [
    ids,
    announcements.map((announcement) => announcement.projectId),
    announcements.map((announcement) => announcement.type),
    announcements.map((announcement) => announcement.subscriberId ?? null),
    announcements.map((announcement) => announcement.taskId ?? null),
    announcements.map((announcement) => announcement.externalId ?? null),
    payloads,
    now,
    announcements.map(({ channels = [] }) => (channels.length === 0 ? null : channels.join(","))),
    announcements.map((announcement) => announcement.alsoSubscriberId ?? null),
    announcements.map((announcement) => announcement.onlyEndpointId ?? null),
    announcements.map((announcement) => announcement.exceptEndpointId ?? null),
  ]);
  const indexOf = new Map(ids.map((id, index) => [id, index]));
  const documentOf = (id: string): MessageDocument => {
    const index = indexOf.get(id) ?? -1;
    const { subscriberId = null, channels = null } = announcements[index] ?? {};
    return documentOfMessage({ id, payload: payloads[index] ?? noPayload, subscriber_id: subscriberId, channels });
  };
  const wanted = matches.filter(fitting(documentOf));
  const deliveryOf = (match: Match): NewDelivery[] =>
    match.endpoint_id === null
      ? []
      : [{ projectId: match.project_id, messageId: match.message_id, endpointId: match.endpoint_id }];
  const off = await lockDisabledEndpoints(
    tx,
    wanted.flatMap(({ held, endpoint_id }) => (held && endpoint_id !== null ? [endpoint_id] : [])),
  );
  const isHeld = (match: Match): boolean => match.endpoint_id !== null && off.has(match.endpoint_id);
  await createDeliveries(tx, services, wanted.filter((match) => !isHeld(match)).flatMap(deliveryOf));
  await holdDeliveries(tx, services, wanted.filter(isHeld).flatMap(deliveryOf));
  const stored = new Set(matches.map((match) => match.message_id));
  return ids.map((id) => (stored.has(id) ? id : undefined));
}
