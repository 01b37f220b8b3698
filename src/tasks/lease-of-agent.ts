import type { Actor } from "../access/actor.ts";
import type { AgentRecord } from "../agents/agent-cache.ts";
import { agentQueue } from "../agents/agent-queue.ts";
import type { Transaction } from "../platform/database.ts";
import type { CoalescedEvents, EventSummary, TaskOrigin } from "../platform/tables.ts";
import type { ChangedTask, TaskServices } from "./announce-tasks.ts";
import type { InputAnswer } from "./input-request.ts";
import { createLeaseToken, hashLeaseToken } from "./lease-token.ts";
import { totalUsage } from "./total-usage.ts";
import { wakeWorkers } from "./wake-workers.ts";

/** Who leases. */
export interface Leaser {
  readonly actor: Actor;
  readonly workerId: string;
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
  /** The same without attempts that ended free of charge: released, or with a question. */
  readonly chargedAttempt: number;
  readonly priority: number;
  readonly leaseExpiresAt: Date;
  readonly deadlineAt: Date;
  readonly input: string;
  readonly parameters: unknown;
  readonly event: EventSummary | null;
  readonly sessionId: string | undefined;
  /** How many tasks led to it. */
  readonly depth: number;
  readonly coalesced: CoalescedEvents | undefined;
  readonly dependsOn: readonly string[];
  /** What people said to its questions. */
  readonly answers: readonly InputAnswer[];
}

interface LeasedRow extends ChangedTask {
  readonly charged_attempt: number;
  readonly priority: number;
  readonly lease_seconds: number;
  readonly lease_expires_at: Date;
  readonly deadline_at: Date;
  readonly input: string;
  readonly parameters: unknown;
  readonly session_id: string | null;
  readonly origin: TaskOrigin | null;
  readonly coalesced: CoalescedEvents | null;
  readonly depends_on: readonly string[] | null;
  readonly answers: readonly InputAnswer[] | null;
}

// A task and its attempt in one statement. Everywhere else a task is locked before its job; here the job comes first, so a
// task that someone has locked is passed over: waiting for it would deadlock with a cancellation, which wants the job.
// A `working` task whose job came back has lost its worker: the new lease takes it over, and its attempt ends as lapsed.
const leaseStatement = {
  name: "lease_tasks",
  text: `WITH free AS (
           SELECT t.id, i.lease_hash FROM unnest($1::uuid[], $2::bytea[]) AS i (id, lease_hash) JOIN tasks t ON t.id = i.id
           WHERE t.state = 'submitted' OR t.state = 'working' AND t.lease_expires_at <= $6
           FOR UPDATE OF t SKIP LOCKED
         ), leased AS (
           UPDATE tasks t
           SET state = 'working', reason = NULL, attempt = attempt + 1, attempts_charged = attempts_charged + 1,
               lease_hash = free.lease_hash, lease_worker = $3, lease_seconds = $5::int,
               lease_expires_at = least($6::timestamptz + make_interval(secs => $5::int), $6 + make_interval(secs => $7::int)),
               deadline_at = $6 + make_interval(secs => $7::int), progress = NULL, usage = NULL, updated_at = $6,
               past_usages = CASE WHEN t.usage IS NULL THEN t.past_usages ELSE array_append(t.past_usages, t.usage) END
           FROM free WHERE t.id = free.id
           RETURNING t.id, t.project_id, t.agent_id, t.state, t.reason, t.attempt, t.attempts_charged, t.event, t.result, t.error, t.usage,
                     t.priority, t.lease_seconds, t.lease_expires_at, t.deadline_at, t.input, t.parameters,
                     t.subscriber_id, t.session_id, t.origin, t.coalesced, t.depends_on, t.answers, t.past_usages
         ), lapsed AS (
           UPDATE task_attempts a SET ended_at = $6, outcome = 'lease_expired'
           FROM leased WHERE a.task_id = leased.id AND a.attempt = leased.attempt - 1 AND a.ended_at IS NULL
         ), opened AS (
           INSERT INTO task_attempts (task_id, attempt, worker_id, actor_id, started_at)
           SELECT id, attempt, $3, $4, $6 FROM leased
         )
         SELECT *, attempt - CASE WHEN attempt = attempts_charged THEN 0 ELSE (
                     SELECT count(*)::int FROM task_attempts a
                     WHERE a.task_id = leased.id AND a.outcome IN ('released', 'input_required')
                   ) END AS charged_attempt
         FROM leased`,
};

// Each attempt adds one, and a task may be given back for ever.
const maxPastUsages = 8;

const foldStatement = {
  name: "fold_past_usages",
  text: `UPDATE tasks t SET past_usages = ARRAY[i.total]
         FROM unnest($1::uuid[], $2::json[]) AS i (id, total) WHERE t.id = i.id`,
};

async function foldPastUsages(tx: Transaction, rows: readonly LeasedRow[]): Promise<void> {
  const long = rows.filter(({ past_usages }) => (past_usages?.length ?? 0) > maxPastUsages);
  if (long.length === 0) return;
  const totals = long.map(({ past_usages }) => JSON.stringify(totalUsage(past_usages ?? [])));
  await tx.query(foldStatement, [long.map((row) => row.id), totals]);
}

const selectLeasable = {
  name: "select_leasable_tasks",
  text: `SELECT id, priority FROM tasks
         WHERE id = ANY ($1) AND (state = 'submitted' OR state = 'working' AND lease_expires_at <= $2)`,
};

/** A leased task and its row as it has just become. */
export interface Lease {
  readonly task: LeasedTask;
  readonly row: LeasedRow;
}

/** How many tasks of an agent to lease at most. */
export interface Share {
  readonly agent: AgentRecord;
  readonly limit: number;
}

// Jobs that were claimed and whose task was not leased: a task that somebody has locked just now keeps its job and is tried
// again at once; one that was settled needs none, and its job would come back for ever.
async function returnUnleased(
  tx: Transaction,
  services: TaskServices,
  agent: AgentRecord,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const values = [ids, new Date(services.clock.now())];
  const leasable = await tx.query<{ id: string; priority: number }>(selectLeasable, values);
  const kept = new Set(leasable.map((row) => row.id));
  const queue = agentQueue(agent.id);
  await services.queue.giveBack(tx, queue, leasable);
  await services.queue.remove(
    tx,
    queue,
    ids.filter((id) => !kept.has(id)),
  );
  // Its worker looks again at once: for these, or for what stood behind them.
  await wakeWorkers(tx, services, new Map([[agent.id, ids.length]]));
}

/**
 * Leases tasks of one agent: the job is claimed, the task is `working` and its attempt is written in the caller's transaction,
 * so that a crash leaves either all of it or nothing.
 */
export async function leaseOfAgent(
  tx: Transaction,
  services: TaskServices,
  leaser: Leaser,
  { agent, limit }: Share,
): Promise<Lease[]> {
  const jobs = await services.queue.fetch(tx, agentQueue(agent.id), limit);
  if (jobs.length === 0) return [];
  const tokens = new Map(jobs.map((job) => [job.id, createLeaseToken()]));
  const rows = await tx.query<LeasedRow>(leaseStatement, [
    [...tokens.keys()],
    [...tokens.values()].map(hashLeaseToken),
    leaser.workerId,
    leaser.actor.id,
    Math.min(leaser.leaseSeconds ?? agent.limits.leaseSeconds, agent.limits.timeoutSeconds),
    new Date(services.clock.now()),
    agent.limits.timeoutSeconds,
  ]);
  await foldPastUsages(tx, rows);
  const leased = rows.map((row): Lease => {
    const task = {
      id: row.id,
      agent,
      leaseToken: tokens.get(row.id) as string,
      leaseSeconds: row.lease_seconds,
      attempt: row.attempt,
      chargedAttempt: row.charged_attempt,
      priority: row.priority,
      leaseExpiresAt: row.lease_expires_at,
      deadlineAt: row.deadline_at,
      input: row.input,
      parameters: row.parameters ?? undefined,
      event: row.event,
      sessionId: row.session_id ?? undefined,
      depth: row.origin?.depth ?? 0,
      coalesced: row.coalesced ?? undefined,
      dependsOn: row.depends_on ?? [],
      answers: row.answers ?? [],
    };
    return { task, row };
  });
  for (const row of rows) tokens.delete(row.id);
  await returnUnleased(tx, services, agent, [...tokens.keys()]);
  return leased;
}
