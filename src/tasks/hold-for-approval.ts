import { agentQueue } from "../agents/agent-queue.ts";
import { chargeUsage } from "../budgets/charge-usage.ts";
import type { Transaction } from "../platform/database.ts";
import { announceTasks, type ChangedTask, type TaskServices } from "./announce-tasks.ts";
import type { Approval, InputRequest } from "./input-request.ts";
import { countFreedPlaces, wakeWorkers } from "./wake-workers.ts";
import { usageReports } from "./usage-reports.ts";

/** A result that its worker has brought, and what must be asked before it goes out. */
export interface HeldResult {
  readonly taskId: string;
  readonly leaseHash: Buffer;
  readonly approval: Approval;
  readonly result?: unknown;
  readonly usage?: object;
}

const selectArtifactNames = {
  name: "select_artifact_names",
  text: "SELECT task_id, name FROM artifacts WHERE task_id = ANY ($1)",
};

function likes(pattern: string, name: string): boolean {
  // Each part must follow the one before it: linear in the name, whatever the pattern.
  const parts = pattern.split("*");
  const [first = "", last = ""] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return name === pattern;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at === -1 || at + part.length > name.length - last.length) return false;
    from = at + part.length;
  }
  return true;
}

/** Those of these tasks whose result needs a person's yes: all, but those that name artifacts and have none of them. */
export async function findUnapproved(
  tx: Transaction,
  tasks: readonly { readonly id: string; readonly approval: Approval }[],
): Promise<Set<string>> {
  if (tasks.length === 0) return new Set();
  const named = tasks.filter(({ approval }) => approval.artifacts !== undefined).map(({ id }) => id);
  const rows =
    named.length === 0 ? [] : await tx.query<{ task_id: string; name: string }>(selectArtifactNames, [named]);
  const names = Map.groupBy(rows, (row) => row.task_id);
  const needsYes = ({ id, approval: { artifacts } }: { readonly id: string; readonly approval: Approval }): boolean =>
    artifacts === undefined ||
    (names.get(id) ?? []).some(({ name }) => artifacts.some((pattern) => likes(pattern, name)));
  return new Set(tasks.filter(needsYes).map(({ id }) => id));
}

// Fenced as a settlement is. The lease's hash stays, so that the worker's repeat is recognised.
const holdStatement = {
  name: "hold_results",
  text: `WITH held AS (
           UPDATE tasks t
           SET state = 'input_required', reason = 'approval_required', result = i.result, usage = coalesce(i.usage, t.usage),
               request = i.request, request_expires_at = i.expires_at, lease_expires_at = NULL, deadline_at = NULL,
               updated_at = $7
           FROM unnest($1::uuid[], $2::bytea[], $3::json[], $4::json[], $5::json[], $6::timestamptz[])
             AS i (id, lease_hash, result, usage, request, expires_at)
           WHERE t.id = i.id AND t.state = 'working' AND t.lease_hash = i.lease_hash AND t.lease_expires_at > $7
           RETURNING t.id, t.project_id, t.agent_id, t.state, t.reason, t.attempt, t.event, t.error, t.usage, t.past_usages, t.origin,
                     t.subscriber_id, t.request
         ), ended AS (
           UPDATE task_attempts a SET ended_at = $7, outcome = 'completed', usage = held.usage
           FROM held WHERE a.task_id = held.id AND a.attempt = held.attempt AND a.ended_at IS NULL
         )
         SELECT * FROM held`,
};

function requestOf({ approval }: HeldResult, askedAt: string): InputRequest {
  const { prompt = "Approve the result before it goes out?", onExpiry = "reject" } = approval;
  return { kind: "approval", prompt, askedAt, onExpiry };
}

/**
 * Keeps results back until a person approves them: the work is over and its place free, a message says that somebody is
 * waited for, and the result itself goes nowhere yet. Answers with the tasks that are held now.
 */
export async function holdForApproval(
  tx: Transaction,
  services: TaskServices,
  results: readonly HeldResult[],
): Promise<Map<string, ChangedTask>> {
  if (results.length === 0) return new Map();
  const nowMs = services.clock.now();
  const now = new Date(nowMs);
  const ordered = results.toSorted((a, b) => (a.taskId < b.taskId ? -1 : 1));
  const rows = await tx.query<Omit<ChangedTask, "result">>(holdStatement, [
    ordered.map(({ taskId }) => taskId),
    ordered.map(({ leaseHash }) => leaseHash),
    ordered.map(({ result }) => (result === undefined ? null : JSON.stringify(result))),
    ordered.map(({ usage }) => (usage === undefined ? null : JSON.stringify(usage))),
    ordered.map((result) => JSON.stringify(requestOf(result, now.toISOString()))),
    ordered.map(({ approval: { expiresInSeconds } }) =>
      expiresInSeconds === undefined ? null : new Date(nowMs + expiresInSeconds * 1000),
    ),
    now,
  ]);
  if (rows.length === 0) return new Map();
  const held = rows.map((row): ChangedTask => ({ ...row, result: null }));
  await chargeUsage(tx, services, usageReports(held, false));
  for (const [agentId, ofAgent] of Map.groupBy(held, (row) => row.agent_id))
    await services.queue.remove(
      tx,
      agentQueue(agentId),
      ofAgent.map((row) => row.id),
    );
  await announceTasks(tx, services, held);
  await wakeWorkers(tx, services, await countFreedPlaces(tx, services, held));
  return new Map(held.map((row) => [row.id, row]));
}
