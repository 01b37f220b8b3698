import type { AgentRecord } from "../agents/agent-cache.ts";
import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { EventSummary } from "../platform/tables.ts";
import { announceTasks, type ChangedTask, type TaskServices } from "./announce-tasks.ts";
import { queueTasks } from "./queue-tasks.ts";

/** A task to be. */
export interface TaskDraft {
  readonly id: string;
  readonly projectId: string;
  readonly agent: AgentRecord;
  readonly routeId?: string;
  readonly event?: EventSummary;
  /** The rendered instruction. */
  readonly input: string;
  readonly parameters?: unknown;
  /** Higher goes first. */
  readonly priority: number;
  /** Not before this moment. */
  readonly startAfter?: Date;
}

// json, not jsonb: rendered text may hold \\u0000 or a lone surrogate. The moment a task waits for stands in the row.
const insertTasks = {
  name: "insert_tasks",
  text: `INSERT INTO tasks (id, project_id, agent_id, route_id, event_id, event, state, input, parameters, priority,
                            attempt, attempts_charged, max_attempts, start_after, created_at, updated_at)
         SELECT i.id, i.project_id, i.agent_id, i.route_id, i.event_id, i.event, 'submitted', i.input, i.parameters,
                i.priority, 0, 0, i.max_attempts, i.start_after, $12, $12
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::json[], $7::json[], $8::json[],
                     $9::int[], $10::int[], $11::timestamptz[])
           AS i (id, project_id, agent_id, route_id, event_id, event, input, parameters, priority, max_attempts,
                 start_after)`,
};

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** Stores tasks with their jobs in the caller's transaction, and wakes the workers of their agents after it. */
export async function enqueueTasks(
  tx: Transaction,
  services: TaskServices,
  drafts: readonly TaskDraft[],
): Promise<void> {
  if (drafts.length === 0) return;
  const inserted = tx.query(insertTasks, [
    drafts.map((draft) => draft.id),
    drafts.map((draft) => draft.projectId),
    drafts.map((draft) => draft.agent.id),
    drafts.map((draft) => draft.routeId ?? null),
    drafts.map((draft) => draft.event?.id ?? null),
    drafts.map((draft) => jsonOrNull(draft.event)),
    drafts.map((draft) => JSON.stringify(draft.input)),
    drafts.map((draft) => jsonOrNull(draft.parameters)),
    drafts.map((draft) => draft.priority),
    drafts.map((draft) => draft.agent.limits.maxAttempts),
    drafts.map((draft) => draft.startAfter ?? null),
    new Date(services.clock.now()),
  ]);
  const due = drafts.filter((draft) => draft.startAfter === undefined);
  const queued = queueTasks(
    tx,
    services,
    due.map((draft) => ({ id: draft.id, agentId: draft.agent.id, priority: draft.priority })),
  );
  // Together, in this order, on one trip: each trip costs a turn of a busy event loop (2 to 4 ms under load).
  await allDone([inserted, queued]);
  const submitted = drafts.map((draft): ChangedTask => ({
    id: draft.id,
    project_id: draft.projectId,
    agent_id: draft.agent.id,
    state: "submitted",
    reason: null,
    attempt: 0,
    event: draft.event ?? null,
    result: null,
    error: null,
    usage: null,
  }));
  await announceTasks(tx, services, submitted);
}
