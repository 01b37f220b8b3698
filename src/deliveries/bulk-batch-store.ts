import { firstIdAt } from "../lib/ids.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { BulkKind, BulkParameters } from "./bulk-operation.ts";
import type { BulkRow } from "./bulk-store.ts";

/** A delivery, or a message that has none, at which a bulk operation looks. */
export interface BulkItem {
  /** Of the delivery; null where there is none. */
  readonly id: string | null;
  readonly endpoint_id: string;
  /** Of the message, in a replay. */
  readonly message_id: string;
  /** Where the operation is when it has done this one. */
  readonly position: string;
  readonly state: string | null;
  /** In a replay to an endpoint with a filter: that, as JSON, and what it looks at. */
  readonly filter?: string | null;
  readonly payload?: Buffer | null;
  readonly subscriber_id?: string | null;
  readonly channels?: readonly string[] | null;
}

const maxCounted = 100_000;
const firstId = "00000000-0000-0000-0000-000000000000";
const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

const stateOf: Readonly<Record<Exclude<BulkKind, "replay">, string>> = {
  recover: "state = 'failed'",
  cancel: "state = 'pending'",
  release: "held",
  discard: "held",
};

// In the order in which the indexes of an endpoint, read backwards, have them; and in which others lock deliveries.
const deliveriesOf = (kind: Exclude<BulkKind, "replay">): string =>
  `FROM deliveries WHERE endpoint_id = $1 AND ${stateOf[kind]} AND id > $2 AND id < $3`;

// What the endpoint asks for now, from among the messages of the past; and what has become of each.
const messagesOf = `
  FROM messages m JOIN endpoints e ON e.id = $1 AND m.project_id = e.project_id
  LEFT JOIN LATERAL (
    SELECT id, state FROM deliveries d WHERE d.message_id = m.id AND d.endpoint_id = e.id ORDER BY d.id DESC LIMIT 1
  ) AS sent ON true
  WHERE m.erased_at IS NULL AND m.id > $2 AND m.id < $3 AND ($4::text[] IS NULL OR m.type = ANY ($4))
    AND (e.event_types IS NULL OR m.type = ANY (e.event_types) OR m.type LIKE ANY (e.event_type_patterns))
    AND (e.channels IS NULL OR e.channels && m.channels)
    AND (m.subscriber_id IS NULL OR m.subscriber_id = e.subscriber_id)
    AND ($5 OR sent.id IS NULL OR sent.state IN ('failed', 'canceled'))`;

type Operation = Pick<BulkRow, "kind" | "endpoint_id" | "parameters"> & { readonly position?: string | null };

function rangeOf({ endpoint_id, parameters, position }: Operation): unknown[] {
  const { since, until } = parameters as BulkParameters;
  const from = since === undefined ? firstId : firstIdAt(Date.parse(since));
  const to = until === undefined ? lastId : firstIdAt(Date.parse(until));
  return [endpoint_id, position ?? from, to];
}

function valuesOf(operation: Operation): unknown[] {
  const { types, all = false } = operation.parameters as BulkParameters;
  return operation.kind === "replay" ? [...rangeOf(operation), types ?? null, all] : rangeOf(operation);
}

function sourceOf(kind: string): string {
  return kind === "replay" ? messagesOf : deliveriesOf(kind as Exclude<BulkKind, "replay">);
}

/** How many there are to be done, counted up to a hundred thousand. */
export async function countBulk(db: Executor, operation: Operation): Promise<number> {
  const text = `SELECT count(*)::int AS total FROM (SELECT 1 ${sourceOf(operation.kind)} LIMIT ${maxCounted}) AS counted`;
  const [row] = await db.query<{ total: number }>({ text }, valuesOf(operation));
  return row?.total ?? 0;
}

/** The next so many of an operation, the deliveries among them locked. */
export async function selectBulkBatch(tx: Transaction, operation: Operation, limit: number): Promise<BulkItem[]> {
  const values = valuesOf(operation);
  if (operation.kind !== "replay") {
    const columns = "id, endpoint_id, message_id, id AS position, state";
    const text = `SELECT ${columns} ${sourceOf(operation.kind)} ORDER BY id NULLS FIRST LIMIT ${limit} FOR UPDATE`;
    return await tx.query<BulkItem>({ text }, values);
  }
  const columns = `sent.id, e.id AS endpoint_id, m.id AS message_id, m.id AS position, sent.state, e.filter::text AS filter,
    CASE WHEN e.filter IS NOT NULL THEN m.payload END AS payload, m.subscriber_id, m.channels`;
  const text = `SELECT ${columns} ${messagesOf} ORDER BY m.id NULLS FIRST LIMIT ${limit} FOR SHARE OF m`;
  const found = await tx.query<BulkItem>({ text }, values);
  const ids = found.flatMap(({ id }) => (id === null ? [] : [id])).toSorted();
  await tx.query({ text: "SELECT id FROM deliveries WHERE id = ANY ($1) ORDER BY id FOR UPDATE" }, [ids]);
  return found;
}
