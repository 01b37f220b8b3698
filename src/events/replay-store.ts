import type { Insertable, Selectable, Updateable } from "kysely";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { ReplaysTable } from "../platform/tables.ts";

/** A replay as it is stored. */
export type ReplayRow = Selectable<ReplaysTable>;

// One replay of a project at a time draws its number: two at once would draw the same.
const takeNumber = {
  name: "take_replay_number",
  text: `SELECT pg_advisory_xact_lock(hashtextextended('hookyard replays ' || $1::text, 0))`,
};

const selectLast = {
  name: "select_last_generation",
  text: `SELECT coalesce(max(generation), 0)::int AS last FROM replays WHERE project_id = $1`,
};

/** The generation of the project's next replay; whoever else asks waits until this transaction has ended. */
export async function nextGeneration(tx: Transaction, projectId: string): Promise<number> {
  await tx.query(takeNumber, [projectId]);
  const [row] = await tx.query<{ last: number }>(selectLast, [projectId]);
  return (row?.last ?? 0) + 1;
}

export async function insertReplay(tx: Transaction, row: Insertable<ReplaysTable>): Promise<ReplayRow> {
  return await tx.kysely.insertInto("replays").values(row).returningAll().executeTakeFirstOrThrow();
}

/** A replay of the project. `lock` keeps it as it is, and waits for the events that are being replayed. */
export async function selectReplay(
  db: Executor,
  projectId: string,
  id: string,
  lock?: "update",
): Promise<ReplayRow | undefined> {
  return await db.kysely
    .selectFrom("replays")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .$if(lock === "update", (query) => query.forUpdate())
    .executeTakeFirst();
}

/** A page of a project's replays, newest first, and one row more when there is a next page. */
export async function selectReplays(
  db: Executor,
  projectId: string,
  { limit, cursor }: PageRequest,
): Promise<ReplayRow[]> {
  return await db.kysely
    .selectFrom("replays")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(cursor !== undefined, (query) => query.where("id", "<", cursor as string))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

/** Changes a replay that the caller has locked. */
export async function updateReplayRow(
  tx: Transaction,
  id: string,
  changes: Updateable<ReplaysTable>,
): Promise<ReplayRow> {
  return await tx.kysely
    .updateTable("replays")
    .set(changes)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

const selectDue = {
  name: "select_due_replays",
  text: `SELECT id, project_id FROM replays WHERE state = 'running' AND due_at <= $1 ORDER BY due_at LIMIT $2`,
};

/** Running replays that may go on now, those that have waited longest first. */
export async function selectDueReplays(
  db: Executor,
  now: Date,
  limit: number,
): Promise<Pick<ReplayRow, "id" | "project_id">[]> {
  return await db.query(selectDue, [now, limit]);
}

const lockDue = {
  name: "lock_due_replay",
  text: `SELECT * FROM replays WHERE id = $1 AND state = 'running' AND due_at <= $2 FOR UPDATE SKIP LOCKED`,
};

/** A replay that may go on now, unless another process is at it or it has been canceled. */
export async function lockDueReplay(tx: Transaction, id: string, now: Date): Promise<ReplayRow | undefined> {
  const [row] = await tx.query<ReplayRow>(lockDue, [id, now]);
  return row;
}

const insertLinks = {
  name: "insert_event_replays",
  text: `INSERT INTO event_replays (event_id, generation, replay_id, replayed_at)
         SELECT event_id, $2, $3, $4 FROM unnest($1::uuid[]) AS i (event_id)`,
};

/** Notes that these events are replayed. Throws for one that this replay had before. */
export async function insertEventReplays(
  tx: Transaction,
  eventIds: readonly string[],
  replay: Pick<ReplayRow, "id" | "generation">,
  now: Date,
): Promise<void> {
  await tx.query(insertLinks, [eventIds, replay.generation, replay.id, now]);
}

/** One replay of an event. */
export interface EventReplayRow {
  readonly generation: number;
  readonly replay_id: string;
  readonly replayed_at: Date;
}

const selectLinks = {
  name: "select_event_replays",
  text: `SELECT generation, replay_id, replayed_at FROM event_replays WHERE event_id = $1 ORDER BY generation DESC LIMIT $2`,
};

/** The replays of an event, the last first. */
export async function selectEventReplays(db: Executor, eventId: string, limit: number): Promise<EventReplayRow[]> {
  return await db.query<EventReplayRow>(selectLinks, [eventId, limit]);
}

const countResults = {
  name: "count_replay_results",
  text: `SELECT (SELECT count(d.task_id)::int FROM unnest($1::uuid[]) AS i (id)
                 JOIN event_decisions d ON d.event_id = i.id AND d.generation = $2 AND d.outcome = 'matched') AS tasks,
                (SELECT count(*)::int FROM unnest($1::uuid[]) AS i (id)
                 JOIN pending_decisions p ON p.event_id = i.id AND p.generation = $2) AS pending`,
};

/** What the routes made of these events at once, and what they left to be decided. */
export async function countReplayResults(
  tx: Transaction,
  eventIds: readonly string[],
  generation: number,
): Promise<{ readonly tasks: number; readonly pending: number }> {
  const [row] = await tx.query<{ tasks: number; pending: number }>(countResults, [eventIds, generation]);
  return row ?? { tasks: 0, pending: 0 };
}
