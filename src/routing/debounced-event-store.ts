import type { Transaction } from "../platform/database.ts";
import type { GrownDebounce } from "./debounce-fold.ts";
import type { PendingDecision } from "./pending-candidate.ts";

const insertMembers = {
  name: "insert_debounced_events",
  text: `INSERT INTO debounced_events (debounce_id, seq, route_id, event_id, generation, type, delivery_id, received_at, routed_at)
         SELECT debounce_id, seq, $1, event_id, generation, type, delivery_id, received_at, routed_at
         FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::int[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[])
           AS i (debounce_id, seq, event_id, generation, type, delivery_id, received_at, routed_at)`,
};

/** Stores the events that debounces of a route have just taken in. */
export async function insertDebouncedEvents(
  tx: Transaction,
  routeId: string,
  grown: readonly GrownDebounce[],
): Promise<void> {
  const members = grown.flatMap(({ id, added }) => added.map((row): [string, PendingDecision] => [id, row]));
  await tx.query(insertMembers, [
    routeId,
    members.map(([id]) => id),
    members.map(([, row]) => row.seq),
    members.map(([, row]) => row.eventId),
    members.map(([, row]) => row.generation),
    members.map(([, { candidate }]) => candidate.event.type),
    members.map(([, { candidate }]) => candidate.event.deliveryId),
    members.map(([, { candidate }]) => candidate.receivedAt),
    members.map(([, row]) => row.routedAt),
  ]);
}

/** An event that became part of another's task. */
export interface DebouncedEvent {
  readonly debounceId: string;
  readonly eventId: string;
  readonly type: string;
  readonly deliveryId: string;
  readonly receivedAt: Date;
}

interface MemberRow {
  readonly debounce_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly delivery_id: string;
  readonly received_at: Date;
}

const selectMembers = {
  name: "select_debounced_events",
  text: `SELECT m.debounce_id, m.event_id, m.type, m.delivery_id, m.received_at
         FROM unnest($1::uuid[]) AS i (id)
         CROSS JOIN LATERAL (SELECT * FROM debounced_events e WHERE e.debounce_id = i.id ORDER BY e.seq DESC LIMIT $2) m
         ORDER BY m.debounce_id, m.seq`,
};

/** The events of these debounces, in the order in which they came: of each the last `limit`. */
export async function selectDebouncedEvents(
  tx: Transaction,
  debounceIds: readonly string[],
  limit: number,
): Promise<Map<string, DebouncedEvent[]>> {
  const rows = await tx.query<MemberRow>(selectMembers, [debounceIds, limit]);
  const events = rows.map((row) => ({
    debounceId: row.debounce_id,
    eventId: row.event_id,
    type: row.type,
    deliveryId: row.delivery_id,
    receivedAt: row.received_at,
  }));
  return Map.groupBy(events, (event) => event.debounceId);
}

/** What became of a debounce: of the latest event, whose task it would be, and of those before it. */
export interface DebounceEnd {
  readonly debounce: { readonly id: string; readonly latestSeq: string };
  readonly latest: { readonly outcome: string; readonly reason?: string | undefined };
  readonly others: { readonly outcome: string; readonly reason?: string | undefined };
  readonly detail?: string | undefined;
  readonly taskId?: string | undefined;
}

// Each event once: what is deleted here is what is decided, and no event is in two debounces of a route's generation.
const decideMembers = {
  name: "decide_debounced_events",
  text: `WITH ended AS (
           SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[])
             AS i (id, latest_seq, outcome, reason, other_outcome, other_reason, detail, task_id)
         ), gone AS (
           DELETE FROM debounced_events m USING ended WHERE m.debounce_id = ended.id
           RETURNING m.event_id, m.generation, m.route_id, ended.detail, ended.task_id,
                     CASE WHEN m.seq = ended.latest_seq THEN ended.outcome ELSE ended.other_outcome END AS outcome,
                     CASE WHEN m.seq = ended.latest_seq THEN ended.reason ELSE ended.other_reason END AS reason
         )
         INSERT INTO event_decisions (event_id, generation, route_id, outcome, reason, detail, task_id, decided_at)
         SELECT event_id, generation, route_id, outcome, reason, detail, task_id, $9 FROM gone
         ON CONFLICT (event_id, generation, route_id) DO UPDATE
           SET outcome = excluded.outcome, reason = excluded.reason, detail = excluded.detail,
               task_id = excluded.task_id, decided_at = excluded.decided_at`,
};

/** Writes down what became of each event of these debounces, and forgets that they were collected. */
export async function endDebounces(tx: Transaction, ends: readonly DebounceEnd[], now: Date): Promise<void> {
  if (ends.length === 0) return;
  await tx.query(decideMembers, [
    ends.map((end) => end.debounce.id),
    ends.map((end) => end.debounce.latestSeq),
    ends.map((end) => end.latest.outcome),
    ends.map((end) => end.latest.reason ?? null),
    ends.map((end) => end.others.outcome),
    ends.map((end) => end.others.reason ?? null),
    ends.map((end) => end.detail ?? null),
    ends.map((end) => end.taskId ?? null),
    now,
  ]);
}
