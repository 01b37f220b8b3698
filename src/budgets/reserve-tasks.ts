import type { Executor, Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { type AccountState, type Amounts, findShortage, reserve } from "./account.ts";
import { announceShortages, type ScopeShortage } from "./announce-shortages.ts";
import type { BudgetCache, Scope, TaskScope } from "./budget-cache.ts";
import { type Accounts, lockAccounts, peekAccounts, saveAccounts } from "./open-accounts.ts";

/** What the verbs about budgets need besides the hub's services. */
export interface BudgetServices extends Services {
  readonly budgets: BudgetCache;
}

/** A task that is about to be made, or, unless it `reserves`, might be made later. */
export interface TaskReservation extends TaskScope {
  /** A uuid. */
  readonly id: string;
  /** Absent: true. False only asks whether there is room. */
  readonly reserves?: boolean;
}

interface TaskRow {
  readonly taskId: string;
  readonly scopeId: string;
  readonly expected: Amounts;
}

const insertReservations = {
  name: "insert_budget_tasks",
  text: `INSERT INTO budget_tasks (task_id, scope_id, reserved_tokens, reserved_cost, attempt, tokens, cost, past_tokens, past_cost)
         SELECT task_id, scope_id, tokens, cost, 0, 0, 0, 0, 0
         FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS i (task_id, scope_id, tokens, cost)`,
};

async function insertRows(tx: Transaction, rows: readonly TaskRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(insertReservations, [
    rows.map((row) => row.taskId),
    rows.map((row) => row.scopeId),
    rows.map((row) => row.expected.tokens),
    rows.map((row) => row.expected.cost),
  ]);
}

function uniqueScopes(scopesOf: readonly (readonly Scope[])[]): Scope[] {
  const unique = new Map(scopesOf.flat().map((scope) => [scope.id, scope]));
  return [...unique.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function findScopes(db: Executor, budgets: BudgetCache, tasks: readonly TaskScope[]): Promise<Scope[][]> {
  const found: Scope[][] = [];
  for (const task of tasks) found.push(await budgets.scopesOf(db, task));
  return found;
}

/** One after the other, in the order given: who comes first has the room that is left. */
function take(
  accounts: Accounts,
  tasks: readonly TaskReservation[],
  scopesOf: readonly (readonly Scope[])[],
): { readonly answers: (ScopeShortage | undefined)[]; readonly rows: TaskRow[] } {
  const rows: TaskRow[] = [];
  const answers = tasks.map((task, index): ScopeShortage | undefined => {
    const opened = (scopesOf[index] ?? []).map((scope) => ({ scope, account: accounts.get(scope.id) as AccountState }));
    for (const { scope, account } of opened) {
      const shortage = findShortage(account, scope.limits);
      if (shortage !== undefined) return { scope, shortage };
    }
    if (task.reserves === false) return undefined;
    for (const { scope, account } of opened) {
      const expected = reserve(account);
      if (expected.tokens > 0 || expected.cost > 0) rows.push({ taskId: task.id, scopeId: scope.id, expected });
    }
    return undefined;
  });
  return { answers, rows };
}

/**
 * Counts tasks against the budgets of their routes, agents and projects, and sets aside what they are expected to use, in the
 * transaction that makes them. Answers, in the order given, with what has no room left, and counts nothing of such a
 * task; that is announced once. Exact: whoever shares a budget takes turns until the transaction ends, so call it before
 * tasks or keys are locked. A project without budgets costs no statement.
 */
export async function reserveTasks(
  tx: Transaction,
  services: BudgetServices,
  tasks: readonly TaskReservation[],
): Promise<(ScopeShortage | undefined)[]> {
  const { budgets, clock } = services;
  const scopesOf = await findScopes(tx, budgets, tasks);
  const scopes = uniqueScopes(scopesOf);
  if (scopes.length === 0) return tasks.map(() => undefined);
  const accounts = await lockAccounts(tx, budgets, scopes, clock.now());
  const { answers, rows } = take(accounts, tasks, scopesOf);
  await announceShortages(
    tx,
    services,
    accounts,
    answers.filter((answer) => answer !== undefined),
  );
  await saveAccounts(tx, accounts);
  await insertRows(tx, rows);
  return answers;
}

/** What `reserveTasks` would answer now. Nothing is locked and nothing written. */
export async function wouldReserve(
  db: Executor,
  { budgets, clock }: BudgetServices,
  tasks: readonly TaskReservation[],
): Promise<(ScopeShortage | undefined)[]> {
  const scopesOf = await findScopes(db, budgets, tasks);
  const scopes = uniqueScopes(scopesOf);
  if (scopes.length === 0) return tasks.map(() => undefined);
  const ids = scopes.map((scope) => scope.id);
  return take(await peekAccounts(db, ids, clock.now()), tasks, scopesOf).answers;
}
