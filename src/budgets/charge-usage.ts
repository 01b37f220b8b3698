import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { Scope, TaskScope } from "./budget-cache.ts";
import type { BudgetServices } from "./reserve-tasks.ts";
import { readUsage, type ReportedUsage } from "./usage.ts";

/** What is known of a task's cost at a heartbeat or at its end. The caller has locked the task. */
export interface UsageReport extends Omit<TaskScope, "routeId"> {
  /** A uuid. */
  readonly taskId: string;
  readonly attempt: number;
  /** What the attempt has cost so far, as its worker says it. */
  readonly usage: unknown;
  /** Whether the task has ended: what was set aside for it is free again. */
  readonly hasEnded: boolean;
}

interface TaskRow {
  readonly task_id: string;
  readonly scope_id: string;
  readonly reserved_tokens: number;
  readonly reserved_cost: number;
  readonly attempt: number;
  readonly tokens: number;
  readonly cost: number;
  readonly past_tokens: number;
  readonly past_cost: number;
}

interface ChargeRow {
  readonly scope: Scope;
  readonly tokens: number;
  readonly cost: number;
  readonly releasedTokens: number;
  readonly releasedCost: number;
  readonly endedTokens: number | null;
  readonly endedCost: number | null;
}

const selectRoutes = {
  name: "routes_of_tasks",
  text: "SELECT id, route_id FROM tasks WHERE id = ANY ($1) AND route_id IS NOT NULL",
};

const selectRows = {
  name: "select_budget_tasks",
  text: `SELECT task_id, scope_id, reserved_tokens::float8, reserved_cost::float8, attempt, tokens::float8, cost::float8,
                past_tokens::float8, past_cost::float8
         FROM budget_tasks WHERE task_id = ANY ($1)`,
};

const upsertRows = {
  name: "upsert_budget_tasks",
  text: `INSERT INTO budget_tasks (task_id, scope_id, reserved_tokens, reserved_cost, attempt, tokens, cost, past_tokens, past_cost)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[],
                              $8::bigint[], $9::bigint[])
         ON CONFLICT (task_id, scope_id) DO UPDATE
           SET reserved_tokens = excluded.reserved_tokens, reserved_cost = excluded.reserved_cost, attempt = excluded.attempt,
               tokens = excluded.tokens, cost = excluded.cost, past_tokens = excluded.past_tokens, past_cost = excluded.past_cost`,
};

const deleteRows = { name: "delete_budget_tasks", text: "DELETE FROM budget_tasks WHERE task_id = ANY ($1)" };

const insertCharges = {
  name: "insert_budget_charges",
  text: `INSERT INTO budget_charges (scope_id, project_id, charged_at, tokens, cost, released_tokens, released_cost,
                                     ended_tokens, ended_cost)
         SELECT scope_id, project_id, $9, tokens, cost, released_tokens, released_cost, ended_tokens, ended_cost
         FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
           AS i (scope_id, project_id, tokens, cost, released_tokens, released_cost, ended_tokens, ended_cost)`,
};

function beginAttempt(row: TaskRow, attempt: number): TaskRow {
  if (row.attempt === attempt) return row;
  const past = { past_tokens: row.past_tokens + row.tokens, past_cost: row.past_cost + row.cost };
  return { ...row, ...past, attempt, tokens: 0, cost: 0 };
}

// A worker reports totals, of each attempt from nothing: what counts is what has been added since. A total that falls is
// believed too. What was set aside is used up by what is charged, and what is left of it is free at the end.
function settleUp(
  stored: TaskRow,
  { attempt, hasEnded }: UsageReport,
  reported: ReportedUsage,
): { readonly row: TaskRow; readonly charge: Omit<ChargeRow, "scope"> } {
  const before = beginAttempt(stored, attempt);
  const tokens = reported.tokens ?? before.tokens;
  const cost = reported.cost ?? before.cost;
  const added = { tokens: tokens - before.tokens, cost: cost - before.cost };
  const release = (reserved: number, amount: number): number =>
    hasEnded ? reserved : Math.min(reserved, Math.max(0, amount));
  const releasedTokens = release(before.reserved_tokens, added.tokens);
  const releasedCost = release(before.reserved_cost, added.cost);
  const row = {
    ...before,
    reserved_tokens: before.reserved_tokens - releasedTokens,
    reserved_cost: before.reserved_cost - releasedCost,
    tokens,
    cost,
  };
  // What nobody has worked on tells nothing of what tasks cost.
  const tells = hasEnded && attempt > 0;
  const endedTokens = tells ? row.past_tokens + tokens : null;
  const endedCost = tells ? row.past_cost + cost : null;
  return { row, charge: { ...added, releasedTokens, releasedCost, endedTokens, endedCost } };
}

function emptyRow(taskId: string, scopeId: string, attempt: number): TaskRow {
  const nothing = { reserved_tokens: 0, reserved_cost: 0, tokens: 0, cost: 0, past_tokens: 0, past_cost: 0 };
  return { task_id: taskId, scope_id: scopeId, attempt, ...nothing };
}

async function write(
  tx: Transaction,
  now: Date,
  rows: readonly TaskRow[],
  charges: readonly ChargeRow[],
): Promise<void> {
  const kept =
    rows.length === 0
      ? undefined
      : tx.query(upsertRows, [
          rows.map((row) => row.task_id),
          rows.map((row) => row.scope_id),
          rows.map((row) => row.reserved_tokens),
          rows.map((row) => row.reserved_cost),
          rows.map((row) => row.attempt),
          rows.map((row) => row.tokens),
          rows.map((row) => row.cost),
          rows.map((row) => row.past_tokens),
          rows.map((row) => row.past_cost),
        ]);
  const charged = tx.query(insertCharges, [
    charges.map(({ scope }) => scope.id),
    charges.map(({ scope }) => scope.projectId),
    charges.map((charge) => charge.tokens),
    charges.map((charge) => charge.cost),
    charges.map((charge) => charge.releasedTokens),
    charges.map((charge) => charge.releasedCost),
    charges.map((charge) => charge.endedTokens),
    charges.map((charge) => charge.endedCost),
    now,
  ]);
  await allDone(kept === undefined ? [charged] : [kept, charged]);
}

interface BudgetedReport {
  readonly report: UsageReport;
  readonly scopes: readonly Scope[];
}

async function findBudgeted(
  tx: Transaction,
  { budgets }: BudgetServices,
  reports: readonly UsageReport[],
): Promise<BudgetedReport[]> {
  const inBudgetedProjects: UsageReport[] = [];
  for (const report of reports)
    if ((await budgets.ofProject(tx, report.projectId)).size > 0) inBudgetedProjects.push(report);
  if (inBudgetedProjects.length === 0) return [];
  const rows = await tx.query<{ id: string; route_id: string }>(selectRoutes, [
    inBudgetedProjects.map((report) => report.taskId),
  ]);
  const routes = new Map(rows.map((row) => [row.id, row.route_id]));
  const budgeted: BudgetedReport[] = [];
  for (const report of inBudgetedProjects) {
    const scopes = await budgets.scopesOf(tx, { ...report, routeId: routes.get(report.taskId) });
    // A task whose budgets only count tasks has been counted when it was made.
    if (scopes.some((scope) => scope.countsUsage))
      budgeted.push({ report, scopes: scopes.filter((s) => s.countsUsage) });
  }
  return budgeted;
}

/**
 * Charges what tasks have cost since the last report to the budgets of their routes, agents and projects, in the transaction
 * that writes the report down. Nobody waits for anybody: charges are rows of their own, taken in by whoever next locks the
 * account. In a project without budgets it costs a look into memory. Answers with the scopes of each task that count usage.
 */
export async function chargeUsage(
  tx: Transaction,
  services: BudgetServices,
  reports: readonly UsageReport[],
): Promise<ReadonlyMap<string, readonly Scope[]>> {
  const budgeted = await findBudgeted(tx, services, reports);
  if (budgeted.length === 0) return new Map();
  const taskIds = budgeted.map(({ report }) => report.taskId);
  const known = await tx.query<TaskRow>(selectRows, [taskIds]);
  const stored = new Map(known.map((row) => [`${row.task_id} ${row.scope_id}`, row]));
  const rows: TaskRow[] = [];
  const charges: ChargeRow[] = [];
  for (const { report, scopes } of budgeted) {
    const reported = readUsage(report.usage);
    for (const scope of scopes) {
      const { taskId, attempt, hasEnded } = report;
      const before = stored.get(`${taskId} ${scope.id}`) ?? emptyRow(taskId, scope.id, attempt);
      const { row, charge } = settleUp(before, report, reported);
      if (!hasEnded && charge.tokens === 0 && charge.cost === 0) continue;
      if (!hasEnded) rows.push(row);
      charges.push({ scope, ...charge });
    }
  }
  if (charges.length > 0) await write(tx, new Date(services.clock.now()), rows, charges);
  const ended = budgeted.filter(({ report }) => report.hasEnded).map(({ report }) => report.taskId);
  if (ended.length > 0) await tx.query(deleteRows, [ended]);
  return new Map(budgeted.map(({ report, scopes }) => [report.taskId, scopes]));
}
