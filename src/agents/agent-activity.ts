import type { Executor } from "../platform/database.ts";

/** What an agent does, as its tasks tell. */
export interface AgentActivity {
  readonly status: "idle" | "running" | "error";
  /** When it ended its newest task or, while one is under way, began it. */
  readonly lastRun?: Date;
  /** The uuid of that task. */
  readonly lastTaskId?: string;
}

/** Nothing yet. */
export const idle: AgentActivity = { status: "idle" };

interface ActivityRow {
  readonly agent_id: string;
  readonly working_id: string | null;
  readonly started_at: Date | null;
  readonly ended_id: string | null;
  readonly ended_state: string | null;
  readonly ended_at: Date | null;
}

// The newest task of each agent in each of these states, from the index by agent, state and id: a few look-ups for each
// agent, however many tasks there are. One that was canceled may never have been begun, so it counts as no run.
const selectActivity = {
  name: "select_agent_activity",
  text: `SELECT a.id AS agent_id, working.id AS working_id, working.started_at, ended.id AS ended_id,
                ended.state AS ended_state, ended.settled_at AS ended_at
         FROM unnest($1::uuid[]) AS a (id)
         LEFT JOIN LATERAL (
           SELECT t.id, p.started_at FROM tasks t
           LEFT JOIN task_attempts p ON p.task_id = t.id AND p.attempt = t.attempt
           WHERE t.agent_id = a.id AND t.state = 'working' ORDER BY t.id DESC NULLS LAST LIMIT 1
         ) working ON true
         LEFT JOIN LATERAL (
           SELECT newest.* FROM unnest(ARRAY['completed', 'failed', 'rejected']) AS wanted (state)
           CROSS JOIN LATERAL (
             SELECT t.id, t.state, t.settled_at FROM tasks t
             WHERE t.agent_id = a.id AND t.state = wanted.state ORDER BY t.id DESC NULLS LAST LIMIT 1
           ) newest
           ORDER BY newest.settled_at DESC NULLS LAST LIMIT 1
         ) ended ON true`,
};

function activityOf(row: ActivityRow): AgentActivity {
  if (row.working_id !== null)
    return {
      status: "running",
      lastTaskId: row.working_id,
      ...(row.started_at === null ? {} : { lastRun: row.started_at }),
    };
  if (row.ended_id === null) return idle;
  return {
    status: row.ended_state === "failed" ? "error" : "idle",
    lastTaskId: row.ended_id,
    ...(row.ended_at === null ? {} : { lastRun: row.ended_at }),
  };
}

/** What these agents (uuids) do and did last. */
export async function readActivity(db: Executor, agentIds: readonly string[]): Promise<Map<string, AgentActivity>> {
  if (agentIds.length === 0) return new Map();
  const rows = await db.query<ActivityRow>(selectActivity, [agentIds]);
  return new Map(rows.map((row) => [row.agent_id, activityOf(row)]));
}
