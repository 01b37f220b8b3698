import type { Scope } from "../access/actor.ts";
import { firstIdAt } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor } from "../platform/database.ts";
import { deliveryStates } from "./delivery-state.ts";
import type { DeliveryRow } from "./store.ts";

/** Which deliveries a list asks for; the ids are uuids. */
export interface DeliveryFilter {
  readonly state?: string | undefined;
  readonly endpointId?: string | undefined;
  readonly messageId?: string | undefined;
  /** The type of the message. */
  readonly type?: string | undefined;
  /** The HTTP status of the last answer. */
  readonly status?: number | undefined;
  readonly outcome?: string | undefined;
  /** Made at this time or later. */
  readonly after?: Date | undefined;
  /** Made before this time. */
  readonly before?: Date | undefined;
}

/** A page of a search. */
export interface DeliveryRows {
  readonly rows: readonly DeliveryRow[];
  /** Where to go on, when not everything was looked at: there may be more, though the page is short. */
  readonly scannedTo?: string;
}

// What no index finds is looked for among so many at a time: a page costs the same whatever the backlog.
const scanLimit = 5_000;
const firstId = "00000000-0000-0000-0000-000000000000";
const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";
const bounds = "id < $2 AND id >= $3";

// The newest in each state, then the newest of these: the indexes of a project and of an endpoint hold them by state.
const byStates = (range: string, from = ""): string => `
  SELECT recent.*
  FROM unnest($5::text[]) AS wanted (state) ${from}
  CROSS JOIN LATERAL (
    SELECT * FROM deliveries
    WHERE ${range} AND state = wanted.state AND ${bounds}
    ORDER BY id DESC NULLS LAST LIMIT $4
  ) AS recent
  ORDER BY recent.id DESC LIMIT $4`;

const byIndex = (range: string): string => `
  SELECT * FROM deliveries WHERE ${range} AND ${bounds} ORDER BY id DESC NULLS LAST LIMIT $4`;

/** Where the candidates of a search come from, and which of its conditions that fulfils already. */
interface Candidates {
  readonly text: string;
  /** What stands behind $1 to $4. */
  readonly values: readonly unknown[];
  readonly fulfils: readonly (keyof DeliveryFilter)[];
}

function candidatesOf({ subscriberId }: Scope, filter: DeliveryFilter): Candidates {
  const { state, endpointId, messageId, status, outcome } = filter;
  const states = state === undefined ? deliveryStates : [state];
  // A message goes to no more endpoints than its project has: what else is asked of them is looked for among these.
  if (messageId !== undefined)
    return { text: byIndex("project_id = $1 AND message_id = $5"), values: [messageId], fulfils: ["messageId"] };
  // Whose the endpoint is, is asked once: else all deliveries of a foreign one would be passed over one by one.
  if (endpointId !== undefined) {
    const own = "EXISTS (SELECT FROM endpoints WHERE id = $6 AND project_id = $1)";
    const text = byStates(`endpoint_id = $6 AND ${own}`);
    return { text, values: [states, endpointId], fulfils: ["state", "endpointId"] };
  }
  if (subscriberId !== undefined) {
    const from =
      "CROSS JOIN (SELECT id FROM endpoints WHERE project_id = $1 AND subscriber_id = $6) AS own (endpoint_id)";
    return {
      text: byStates("endpoint_id = own.endpoint_id", from),
      values: [states, subscriberId],
      fulfils: ["state"],
    };
  }
  if (status !== undefined && status !== 200) {
    const text = byIndex("project_id = $1 AND last_status = $5 AND last_status <> 200");
    return { text, values: [status], fulfils: ["status"] };
  }
  if (outcome !== undefined && outcome !== "succeeded") {
    const text = byIndex("project_id = $1 AND last_outcome = $5 AND last_outcome <> 'succeeded'");
    return { text, values: [outcome], fulfils: ["outcome"] };
  }
  return { text: byStates("project_id = $1"), values: [states], fulfils: ["state"] };
}

const conditions: Readonly<Partial<Record<keyof DeliveryFilter, (place: string) => string>>> = {
  state: (place) => `d.state = ${place}`,
  endpointId: (place) => `d.endpoint_id = ${place}`,
  type: (place) => `EXISTS (SELECT FROM messages m WHERE m.id = d.message_id AND m.type = ${place})`,
  status: (place) => `d.last_status = ${place}`,
  outcome: (place) => `d.last_outcome = ${place}`,
};

/** A page of the deliveries within a scope, newest first, and one row more when there is a next page. */
export async function searchDeliveries(
  db: Executor,
  scope: Scope,
  filter: DeliveryFilter,
  { limit, cursor = lastId }: PageRequest,
): Promise<DeliveryRows> {
  const { text, values: own, fulfils } = candidatesOf(scope, filter);
  const before = filter.before === undefined ? cursor : firstIdAt(filter.before.getTime());
  const values: unknown[] = [
    scope.projectId,
    before < cursor ? before : cursor,
    filter.after === undefined ? firstId : firstIdAt(filter.after.getTime()),
    limit + 1,
    ...own,
  ];
  const remaining: string[] = [];
  for (const [name, condition] of Object.entries(conditions)) {
    const value = filter[name as keyof DeliveryFilter];
    if (value === undefined || fulfils.includes(name as keyof DeliveryFilter)) continue;
    values.push(value);
    remaining.push(condition(`$${values.length}`));
  }
  const isElsewhere = filter.endpointId !== undefined || filter.messageId !== undefined;
  if (scope.subscriberId !== undefined && isElsewhere) {
    values.push(scope.subscriberId);
    remaining.push(
      `EXISTS (SELECT FROM endpoints e WHERE e.id = d.endpoint_id AND e.subscriber_id = $${values.length})`,
    );
  }
  if (remaining.length === 0) return { rows: await db.query<DeliveryRow>({ text }, values) };

  const limited = values.with(3, scanLimit);
  const search = `
    WITH candidates AS MATERIALIZED (${text})
    SELECT scan.scanned, scan.last_id, found.*
    FROM (SELECT count(*)::int AS scanned, (SELECT id FROM candidates ORDER BY id LIMIT 1) AS last_id FROM candidates) AS scan
    LEFT JOIN LATERAL (
      SELECT d.* FROM candidates d WHERE ${remaining.join(" AND ")} ORDER BY d.id DESC LIMIT ${limit + 1}
    ) AS found ON true`;
  type Found = DeliveryRow & { readonly scanned: number; readonly last_id: string | null };
  const found = await db.query<Found>({ text: search }, limited);
  const rows = found.filter((row) => row.id !== null);
  const [first] = found;
  const wasCut = first?.scanned === scanLimit && rows.length <= limit;
  return wasCut && first.last_id !== null ? { rows, scannedTo: first.last_id } : { rows };
}
