import type { Executor, Transaction } from "../platform/database.ts";

/** What became of an event on a route that was asked about it. */
export interface DecisionRow {
  readonly eventId: string;
  /** 0: when the event came; above: a replay. */
  readonly generation: number;
  readonly routeId: string;
  readonly outcome: DecidedOutcome;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
  readonly taskId?: string | undefined;
}

/** The outcomes that are written down; one that is pending stands in its lane. */
export type DecidedOutcome = "matched" | "deduplicated" | "coalesced" | "held" | "failed";

/** A route that did not match. */
export interface Miss {
  readonly routeId: string;
  /** The first clause that was not met, such as `match.body.action` or `when`. */
  readonly clause: string;
  /** Why it could not be evaluated. */
  readonly error?: string;
}

/** The routes that did not take an event. */
export interface MissesRow {
  readonly eventId: string;
  readonly generation: number;
  readonly misses: readonly Miss[];
}

const maxDetailCharacters = 500;

// What is said of a failure may come from a payload: of any length, with characters that Postgres does not take.
function storable(text: string): string {
  return text.slice(0, maxDetailCharacters).replaceAll("\u0000", "\ufffd").toWellFormed();
}

// A decision is made once; should one come again, the later is the truth.
const insertDecided = {
  name: "insert_event_decisions",
  text: `INSERT INTO event_decisions (event_id, generation, route_id, outcome, reason, detail, task_id, decided_at)
         SELECT event_id, generation, route_id, outcome, reason, detail, task_id, $8
         FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[])
           AS i (event_id, generation, route_id, outcome, reason, detail, task_id)
         ON CONFLICT (event_id, generation, route_id) DO UPDATE
           SET outcome = excluded.outcome, reason = excluded.reason, detail = excluded.detail,
               task_id = excluded.task_id, decided_at = excluded.decided_at`,
};

/** Writes decisions down. */
export async function insertDecisions(tx: Transaction, rows: readonly DecisionRow[], now: Date): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(insertDecided, [
    rows.map((row) => row.eventId),
    rows.map((row) => row.generation),
    rows.map((row) => row.routeId),
    rows.map((row) => row.outcome),
    rows.map((row) => row.reason ?? null),
    rows.map((row) => (row.detail === undefined ? null : storable(row.detail))),
    rows.map((row) => row.taskId ?? null),
    now,
  ]);
}

const insertMissed = {
  name: "insert_event_misses",
  text: `INSERT INTO event_misses (event_id, generation, misses, decided_at)
         SELECT event_id, generation, misses, $4 FROM unnest($1::uuid[], $2::int[], $3::json[])
           AS i (event_id, generation, misses)
         ON CONFLICT (event_id, generation) DO UPDATE SET misses = excluded.misses, decided_at = excluded.decided_at`,
};

// Of a thousand routes that are not meant, the first say enough.
const maxMisses = 20;

/** Writes down which routes did not take which event, and why: twenty of each at most. */
export async function insertMisses(tx: Transaction, rows: readonly MissesRow[], now: Date): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(insertMissed, [
    rows.map((row) => row.eventId),
    rows.map((row) => row.generation),
    rows.map((row) =>
      JSON.stringify(
        row.misses.slice(0, maxMisses).map(({ routeId, clause, error }) => ({
          routeId,
          clause: storable(clause),
          ...(error === undefined ? {} : { error: storable(error) }),
        })),
      ),
    ),
    now,
  ]);
}

/** A decision as it is read. */
export interface StoredDecision {
  readonly generation: number;
  readonly route_id: string;
  readonly route_name: string | null;
  readonly outcome: DecidedOutcome | "no_match" | "pending";
  readonly reason: string | null;
  readonly detail: string | null;
  readonly task_id: string | null;
  readonly decided_at: Date;
}

// Five places, since the paths of an event part: what was decided, what did not match, what waits in a lane, what is being
// collected, and a plain match, which only its task tells of.
const selectDecided = {
  name: "select_decisions_of_event",
  text: `WITH decided AS (
           SELECT d.generation, d.route_id, d.outcome, d.reason, d.detail, d.task_id, d.decided_at
           FROM event_decisions d WHERE d.event_id = $1
         ), found AS (
           SELECT * FROM decided
           UNION ALL
           SELECT m.generation, (miss ->> 'routeId')::uuid, 'no_match',
                  CASE WHEN miss -> 'error' IS NOT NULL THEN 'when_error' END,
                  concat_ws(': ', miss ->> 'clause', miss ->> 'error'), NULL, m.decided_at
           FROM event_misses m CROSS JOIN json_array_elements(m.misses) AS miss WHERE m.event_id = $1
           UNION ALL
           SELECT p.generation, p.route_id, 'pending', NULL, NULL, NULL, p.routed_at
           FROM pending_decisions p WHERE p.event_id = $1
           UNION ALL
           SELECT c.generation, c.route_id, 'pending', 'debounce', NULL, NULL, c.routed_at
           FROM debounced_events c WHERE c.event_id = $1
           UNION ALL
           (SELECT 0, t.route_id, 'matched', NULL, NULL, t.id, t.created_at
            FROM tasks t
            WHERE t.event_id = $1 AND t.route_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM decided WHERE decided.task_id = t.id)
            ORDER BY t.id LIMIT $2)
         )
         SELECT found.*, r.name AS route_name
         FROM found LEFT JOIN routes r ON r.id = found.route_id
         ORDER BY found.generation DESC, found.outcome = 'no_match', found.decided_at, found.route_id LIMIT $2`,
};

/** What became of an event on each route that was asked, the last generation first; at most `limit`. */
export async function selectDecisions(db: Executor, eventId: string, limit: number): Promise<StoredDecision[]> {
  return await db.query<StoredDecision>(selectDecided, [eventId, limit]);
}
