import type { Executor } from "../platform/database.ts";
import { findExhausted } from "./account.ts";
import type { Scope } from "./budget-cache.ts";
import { peekAccounts } from "./open-accounts.ts";
import type { BudgetServices } from "./reserve-tasks.ts";

/** Whether tokens or cost of one of these scopes are used up: whoever works on a task of it should stop. */
export async function isOverBudget(
  db: Executor,
  { clock }: BudgetServices,
  scopes: readonly Scope[],
): Promise<boolean> {
  if (scopes.length === 0) return false;
  const accounts = await peekAccounts(
    db,
    scopes.map((scope) => scope.id),
    clock.now(),
  );
  return scopes.some((scope) => {
    const account = accounts.get(scope.id);
    return account !== undefined && findExhausted(account, scope.limits) !== undefined;
  });
}
