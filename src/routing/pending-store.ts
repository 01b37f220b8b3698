import type { Executor, Transaction } from "../platform/database.ts";
import type { Candidate, PendingDecision } from "./pending-candidate.ts";

/** A candidate that is about to wait. */
export type NewPendingDecision = Omit<PendingDecision, "seq">;

// In the order in which the events came: `seq` is drawn row by row.
const insertPending = {
  name: "insert_pending_decisions",
  text: `INSERT INTO pending_decisions (route_id, event_id, generation, project_id, agent_id, routed_at, bytes, candidate)
         SELECT route_id, event_id, generation, project_id, agent_id, routed_at, bytes, candidate
         FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::int[], $8::json[])
           WITH ORDINALITY
           AS i (route_id, event_id, generation, project_id, agent_id, routed_at, bytes, candidate, place)
         ORDER BY place`,
};

/** Puts candidates at the end of their routes' lanes, in this order. */
export async function insertPendingDecisions(tx: Transaction, rows: readonly NewPendingDecision[]): Promise<void> {
  if (rows.length === 0) return;
  const candidates = rows.map((row) => JSON.stringify(row.candidate));
  await tx.query(insertPending, [
    rows.map((row) => row.routeId),
    rows.map((row) => row.eventId),
    rows.map((row) => row.generation),
    rows.map((row) => row.projectId),
    rows.map((row) => row.agentId),
    rows.map((row) => row.routedAt),
    candidates.map((text) => Buffer.byteLength(text)),
    candidates,
  ]);
}

// From one route to the next in the index: the cost is that of the lanes, not of what waits in them. What is due is read
// oldest first; of more than a thousand the rest comes with the next look.
const selectLanes = {
  name: "select_decision_lanes",
  text: `WITH RECURSIVE waiting (route_id) AS (
           (SELECT route_id FROM pending_decisions ORDER BY route_id LIMIT 1)
           UNION ALL
           SELECT (SELECT p.route_id FROM pending_decisions p WHERE p.route_id > w.route_id ORDER BY p.route_id LIMIT 1)
           FROM waiting w WHERE w.route_id IS NOT NULL
         )
         SELECT route_id, bool_or(is_due) AS is_due
         FROM (SELECT route_id, false AS is_due FROM waiting WHERE route_id IS NOT NULL
               UNION ALL
               (SELECT route_id, true FROM debounces WHERE due_at <= $1 ORDER BY due_at LIMIT 1000)) lanes
         GROUP BY route_id`,
};

/** A route that has something to decide. */
export interface DecisionLane {
  readonly routeId: string;
  /** Events have been collected for long enough. */
  readonly isDue: boolean;
}

/** The routes that have something to decide at this moment: candidates that wait, or a debounce whose time is over. */
export async function selectDecisionLanes(db: Executor, now: Date): Promise<DecisionLane[]> {
  const rows = await db.query<{ route_id: string; is_due: boolean }>(selectLanes, [now]);
  return rows.map((row) => ({ routeId: row.route_id, isDue: row.is_due }));
}

const takeTurn = {
  name: "take_decision_turn",
  text: `SELECT pg_try_advisory_xact_lock(hashtextextended('hookyard decide ' || $1::text, 0)) AS taken`,
};

/** Whether this transaction alone decides for the route until it ends. What it reads next is what the one before it left. */
export async function takeDecisionTurn(tx: Transaction, routeId: string): Promise<boolean> {
  const [row] = await tx.query<{ taken: boolean }>(takeTurn, [routeId]);
  return row?.taken === true;
}

interface PendingRow {
  readonly seq: string;
  readonly event_id: string;
  readonly generation: number;
  readonly project_id: string;
  readonly agent_id: string;
  readonly routed_at: Date;
  readonly candidate: Candidate;
  readonly waiting: number;
}

/** The front of a lane. */
export interface LaneFront {
  readonly rows: readonly PendingDecision[];
  /** No candidate waits behind these. */
  readonly isAll: boolean;
}

// As many as fit into memory together, and one at least. The window reads no candidate.
const selectPending = {
  name: "select_pending_decisions",
  text: `SELECT p.seq, p.event_id, p.generation, p.project_id, p.agent_id, p.routed_at, p.candidate, sized.waiting
         FROM (SELECT seq, sum(bytes) OVER (ORDER BY seq) - bytes AS before, (count(*) OVER ())::int AS waiting
               FROM (SELECT seq, bytes FROM pending_decisions WHERE route_id = $1 ORDER BY seq LIMIT $2) next) sized
         JOIN pending_decisions p ON p.route_id = $1 AND p.seq = sized.seq
         WHERE sized.before <= $3 ORDER BY p.seq`,
};

/** The first candidates of a route's lane: at most `limit`, and about `maxBytes`. */
export async function selectPendingDecisions(
  tx: Transaction,
  routeId: string,
  limit: number,
  maxBytes: number,
): Promise<LaneFront> {
  const found = await tx.query<PendingRow>(selectPending, [routeId, limit, maxBytes]);
  const { waiting } = found[0] ?? { waiting: 0 };
  const rows = found.map((row) => ({
    seq: row.seq,
    routeId,
    eventId: row.event_id,
    generation: row.generation,
    projectId: row.project_id,
    agentId: row.agent_id,
    routedAt: row.routed_at,
    candidate: row.candidate,
  }));
  return { rows, isAll: waiting < limit && rows.length === waiting };
}

// One by one, never "all up to": a smaller `seq` may commit later.
const deletePending = {
  name: "delete_pending_decisions",
  text: `DELETE FROM pending_decisions WHERE route_id = $1 AND seq = ANY ($2::bigint[]) RETURNING seq`,
};

/** Takes candidates out of the lane; answers with how many of them were in it. */
export async function deletePendingDecisions(
  tx: Transaction,
  routeId: string,
  seqs: readonly string[],
): Promise<number> {
  return seqs.length === 0 ? 0 : (await tx.query(deletePending, [routeId, seqs])).length;
}

const selectState = {
  name: "select_route_state",
  text: `SELECT enabled, deleted_at IS NOT NULL AS deleted FROM routes WHERE id = $1`,
};

/** Why a route decides nothing any more; undefined while it does. Read from its row: a cache may be behind. */
export async function selectRouteOff(
  tx: Transaction,
  routeId: string,
): Promise<"route_deleted" | "route_disabled" | undefined> {
  const [row] = await tx.query<{ enabled: boolean; deleted: boolean }>(selectState, [routeId]);
  if (row === undefined || row.deleted) return "route_deleted";
  return row.enabled ? undefined : "route_disabled";
}
