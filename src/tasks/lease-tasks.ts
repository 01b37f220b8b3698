import type { AgentRecord } from "../agents/agent-cache.ts";
import { agentQueue } from "../agents/agent-queue.ts";
import { type Actor } from "../access/actor.ts";
import type { Transaction } from "../platform/database.ts";
import type { EventSummary } from "../platform/tables.ts";
import { announceTasks, type ChangedTask, type TaskServices } from "./announce-tasks.ts";
import { createLeaseToken, hashLeaseToken } from "./lease-token.ts";

/** Who leases what. */
export interface LeaseRequest {
  readonly actor: Actor;
  readonly workerId: string;
  readonly agents: readonly AgentRecord[];
  readonly max: number;
  /** Instead of the agent's own. */
  readonly leaseSeconds?: number;
}

/** A task in a worker's hands. */
export interface LeasedTask {
  readonly id: string;
  readonly agent: AgentRecord;
  readonly leaseToken: string;
  readonly leaseSeconds: number;
  readonly attempt: number;
  readonly priority: number;
  readonly leaseExpiresAt: Date;
  readonly deadlineAt: Date;
  readonly input: string;
  readonly parameters: unknown;
  readonly event: EventSummary | null;
}

interface LeasedRow extends ChangedTask {
  readonly priority: number;
  readonly lease_hash: Buffer;
  readonly lease_seconds: number;
  readonly lease_expires_at: Date;
  readonly deadline_at: Date;
  readonly input: string;
  readonly parameters: unknown;
}

// A `working` task whose job came back has lost its worker and its job's claim alike: the new lease takes it over.
const leaseTasks = {
  name: "lease_tasks",
  text: `UPDATE tasks t
         SET state = 'working', reason = NULL, attempt = attempt + 1, attempts_charged = attempts_charged + 1,
             lease_hash = i.lease_hash, lease_worker = $3, lease_seconds = $4::int,
             lease_expires_at = least($5::timestamptz + make_interval(secs => $4::int), $5 + make_interval(secs => $6::int)),
             deadline_at = $5 + make_interval(secs => $6::int), progress = NULL, updated_at = $5
         FROM unnest($1::uuid[], $2::bytea[]) AS i (id, lease_hash)
         WHERE t.id = i.id
           AND (t.state = 'submitted' OR t.state = 'working' AND t.lease_expires_at <= $5)
         RETURNING t.id, t.project_id, t.agent_id, t.state, t.reason, t.attempt, t.event, t.result, t.error, t.usage,
                   t.priority, t.lease_hash, t.lease_seconds, t.lease_expires_at, t.deadline_at, t.input, t.parameters`,
};

// An attempt that nobody closed ended when its lease lapsed.
const openAttempts = {
  name: "open_attempts",
  text: `WITH lapsed AS (
           UPDATE task_attempts a SET ended_at = $5, outcome = 'lease_expired'
           FROM unnest($1::uuid[], $2::int[]) AS i (task_id, attempt)
           WHERE a.task_id = i.task_id AND a.attempt = i.attempt - 1 AND a.ended_at IS NULL
         )
         INSERT INTO task_attempts (task_id, attempt, worker_id, actor_id, started_at)
         SELECT i.task_id, i.attempt, $3, $4, $5 FROM unnest($1::uuid[], $2::int[]) AS i (task_id, attempt)`,
};

// Leases of one agent take turns where it has a limit, else two workers would both see the last free place.
async function placesFree(tx: Transaction, agent: AgentRecord): Promise<number> {
  if (agent.limits.concurrency === undefined) return Number.POSITIVE_INFINITY;
  await tx.query({ name: "lock_agent", text: "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))" }, [agent.id]);
  const [row] = await tx.query<{ working: number }>(
    {
      name: "count_working",
      text: "SELECT count(*)::int AS working FROM tasks WHERE agent_id = $1 AND state = 'working'",
    },
    [agent.id],
  );
  return Math.max(0, agent.limits.concurrency - (row?.working ?? 0));
}

async function leaseOfAgent(
  tx: Transaction,
  services: TaskServices,
  request: LeaseRequest,
  agent: AgentRecord,
  limit: number,
): Promise<{ readonly rows: LeasedRow[]; readonly tokens: Map<string, string> }> {
  const queue = agentQueue(agent.id);
  const jobs = await services.queue.fetch(tx, queue, limit);
  const ids = jobs.map((job) => job.id);
  const tokens = new Map(ids.map((id) => [id, createLeaseToken()]));
  if (ids.length === 0) return { rows: [], tokens };
  const rows = await tx.query<LeasedRow>(leaseTasks, [
    ids,
    [...tokens.values()].map(hashLeaseToken),
    request.workerId,
    Math.min(request.leaseSeconds ?? agent.limits.leaseSeconds, agent.limits.timeoutSeconds),
    new Date(services.clock.now()),
    agent.limits.timeoutSeconds,
  ]);
  const leased = new Set(rows.map((row) => row.id));
  // A job without a task to lease carries nothing (its task was settled): it would come back for ever.
  const stray = ids.filter((id) => !leased.has(id));
  await services.queue.remove(tx, queue, stray);
  return { rows, tokens };
}

/**
 * Leases up to `max` tasks: the job is claimed, the task is `working` and its attempt is written in one transaction, so
 * that a crash leaves either all of it or nothing. Answers with what there was, without waiting.
 */
export async function leaseTasksNow(services: TaskServices, request: LeaseRequest): Promise<LeasedTask[]> {
  return await services.db.transaction(async (tx) => {
    const leased: LeasedTask[] = [];
    const changed: LeasedRow[] = [];
    for (const agent of request.agents) {
      const limit = Math.min(request.max - leased.length, await placesFree(tx, agent));
      if (limit <= 0) continue;
      const { rows, tokens } = await leaseOfAgent(tx, services, request, agent, limit);
      changed.push(...rows);
      for (const row of rows)
        leased.push({
          id: row.id,
          agent,
          leaseToken: tokens.get(row.id) as string,
          leaseSeconds: row.lease_seconds,
          attempt: row.attempt,
          priority: row.priority,
          leaseExpiresAt: row.lease_expires_at,
          deadlineAt: row.deadline_at,
          input: row.input,
          parameters: row.parameters ?? undefined,
          event: row.event,
        });
    }
    if (changed.length === 0) return [];
    await tx.query(openAttempts, [
      changed.map((row) => row.id),
      changed.map((row) => row.attempt),
      request.workerId,
      request.actor.id,
      new Date(services.clock.now()),
    ]);
    await announceTasks(tx, services, changed);
    return leased;
  });
}
