import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";

/** Somebody who leases tasks. */
export const workerSchema = z
  .object({
    workerId: z.string().describe("What the worker calls itself."),
    agents: z.array(z.string()).describe("Whose tasks it asked for last."),
    firstSeenAt: z.iso.datetime(),
    lastSeenAt: z.iso
      .datetime()
      .describe("Written every few seconds. A worker that waits calls at least once a minute."),
    tasks: z.int().describe("How many it works on."),
  })
  .meta({ id: "Worker" });

interface WorkerRow {
  readonly worker_id: string;
  readonly agents: string[];
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
  readonly tasks: number;
}

const maxWorkers = 1_000;

// What is worked on is counted from the index by agent and state: as many rows as there are leases.
const selectWorkers = {
  name: "select_workers",
  text: `WITH held AS (
           SELECT t.lease_worker, count(*)::int AS tasks FROM agents a
           JOIN tasks t ON t.agent_id = a.id AND t.state = 'working'
           WHERE a.project_id = $1 GROUP BY t.lease_worker
         )
         SELECT w.worker_id, w.agents, w.first_seen_at, w.last_seen_at, coalesce(held.tasks, 0) AS tasks
         FROM workers w LEFT JOIN held ON held.lease_worker = w.worker_id
         WHERE w.project_id = $1 ORDER BY w.last_seen_at DESC, w.worker_id LIMIT ${maxWorkers}`,
};

/** The workers that called within the last day, the latest first; at most a thousand. */
export async function listWorkers(ctx: Context): Promise<z.infer<typeof workerSchema>[]> {
  authorise(ctx.actor, "agents:read");
  const rows = await ctx.db.query<WorkerRow>(selectWorkers, [ctx.actor.projectId]);
  return rows.map((row) => ({
    workerId: row.worker_id,
    agents: row.agents,
    firstSeenAt: row.first_seen_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    tasks: row.tasks,
  }));
}
