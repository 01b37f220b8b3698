import { agentQueue } from "../agents/agent-queue.ts";
import type { Database } from "../platform/database.ts";
import { insertJobsFrom } from "../platform/insert-jobs-from.ts";
import type { EventDecisions } from "../routing/decide-events.ts";
import { type TaskServices, whoWants } from "../tasks/announce-tasks.ts";
import type { TaskDraft } from "../tasks/enqueue-tasks.ts";
import { isPlain, plainTaskColumns, plainTaskValues } from "../tasks/insert-tasks.ts";
import { taskNews } from "../tasks/wake-workers.ts";
import { type EventRow, eventValues, storeEvents } from "./insert-events.ts";

/*
 * Events, their tasks and their jobs in one statement. As a transaction of four trips, each of them waited for a turn of a
 * busy event loop while Postgres stood still: with 64 senders the process was idle for a quarter of its time, and Postgres
 * for more. What needs more than this (guards, keys, decisions to be kept, sources that hold their events) takes the
 * transaction (accept-events.ts), and so does every event whose key somebody has already.
 */

// After the sixteen values of the events.
const firstTaskValue = 17;
const { names, types } = plainTaskColumns;
const afterTasks = firstTaskValue + types.length;
const lists = types.map((type, index) => `$${firstTaskValue + index}::${type}[]`).join(", ");

// A job that finds no queue would leave a task that nobody can lease: then nothing is stored.
const storeStatement = {
  name: "store_plain_events",
  text: `WITH ${storeEvents}, drafts AS (
           SELECT * FROM unnest(${lists}, $${afterTasks}::text[]) AS d (${names}, queue)
           WHERE event_id IN (SELECT event_id FROM fresh)
         ), made AS (
           INSERT INTO tasks (state, attempt, attempts_charged, created_at, updated_at, ${names})
           SELECT 'submitted', 0, 0, $16, $16, ${names} FROM drafts
         ), queued AS (
           ${insertJobsFrom("drafts")}
         ), told AS (
           SELECT pg_notify($${afterTasks + 1}, $${afterTasks + 2}) WHERE EXISTS (SELECT FROM drafts)
         )
         SELECT event_id AS id,
                1 / ((SELECT count(*) FROM queued) = (SELECT count(*) FROM drafts))::int AS complete,
                (SELECT count(*) FROM told) AS told
         FROM fresh`,
};

/** Whether all that was decided fits into the one statement. */
export async function areStoredAtOnce(
  db: Database,
  services: TaskServices,
  { drafts, pending, decisions, misses }: EventDecisions,
): Promise<boolean> {
  if (pending.length > 0 || decisions.length > 0 || misses.length > 0 || !drafts.every(isPlain)) return false;
  for (const projectId of new Set(drafts.map((draft) => draft.projectId))) {
    const wants = await whoWants(db, services, projectId, "submitted");
    if (wants.route || wants.endpoint) return false;
  }
  return true;
}

function newsOf(
  { signals }: TaskServices,
  drafts: readonly TaskDraft[],
): ReturnType<TaskServices["signals"]["prepare"]> {
  const byAgent = Map.groupBy(drafts, (draft) => draft.agent.id);
  return signals.prepare("tasks", taskNews(new Map([...byAgent].map(([agentId, due]) => [agentId, due.length]))));
}

/**
 * Stores those events whose dedupe key is free, with the tasks that they cause, and answers with their ids. `rows` must
 * hold each key once and be sorted by it; a key holds until `keysExpireAt`.
 */
export async function storePlainEvents(
  db: Database,
  services: TaskServices,
  rows: readonly EventRow[],
  drafts: readonly TaskDraft[],
  keysExpireAt: Date,
): Promise<ReadonlySet<string>> {
  const news = newsOf(services, drafts);
  const stored = await db.query<{ id: string }>(storeStatement, [
    ...eventValues(rows, keysExpireAt, new Date(services.clock.now())),
    ...plainTaskValues(drafts),
    drafts.map((draft) => agentQueue(draft.agent.id)),
    ...(news?.notify ?? ["", ""]),
  ]);
  const ids = new Set(stored.map(({ id }) => id));
  const made = drafts.filter(({ event }) => event !== undefined && ids.has(event.id));
  if (made.length > 0) {
    services.metrics.tasks.inc({ state: "submitted" }, made.length);
    news?.tell();
  }
  return ids;
}
