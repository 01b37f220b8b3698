import type { Transaction } from "../platform/database.ts";
import { unreserve } from "./account.ts";
import type { Scope, TaskScope } from "./budget-cache.ts";
import { lockAccounts, saveAccounts } from "./open-accounts.ts";
import type { BudgetServices } from "./reserve-tasks.ts";

const takeReservations = {
  name: "take_budget_tasks",
  text: `DELETE FROM budget_tasks WHERE task_id = ANY ($1)
         RETURNING task_id, scope_id, reserved_tokens::float8 AS tokens, reserved_cost::float8 AS cost`,
};

interface ReservationRow {
  readonly task_id: string;
  readonly scope_id: string;
  readonly tokens: number;
  readonly cost: number;
}

/**
 * Counts tasks no more that `reserveTasks` let through in this transaction and that were not made after all: a key was
 * taken, say. Announcements that others brought about meanwhile stay.
 */
export async function returnReservations(
  tx: Transaction,
  services: BudgetServices,
  tasks: readonly (TaskScope & { readonly id: string })[],
): Promise<void> {
  const { budgets, clock } = services;
  const returned: { readonly taskId: string; readonly scopeId: string }[] = [];
  const scopes = new Map<string, Scope>();
  for (const task of tasks)
    for (const scope of await budgets.scopesOf(tx, task)) {
      scopes.set(scope.id, scope);
      returned.push({ taskId: task.id, scopeId: scope.id });
    }
  if (returned.length === 0) return;
  const sorted = [...scopes.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const accounts = await lockAccounts(tx, budgets, sorted, clock.now());
  const rows = await tx.query<ReservationRow>(takeReservations, [tasks.map((task) => task.id)]);
  const expected = new Map(rows.map((row) => [`${row.task_id} ${row.scope_id}`, row]));
  for (const { taskId, scopeId } of returned) {
    const account = accounts.get(scopeId);
    if (account !== undefined) unreserve(account, expected.get(`${taskId} ${scopeId}`) ?? { tokens: 0, cost: 0 });
  }
  await saveAccounts(tx, accounts);
}
