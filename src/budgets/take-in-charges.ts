import type { Transaction } from "../platform/database.ts";
import { findExhausted } from "./account.ts";
import { announceShortages, type ScopeShortage } from "./announce-shortages.ts";
import type { Scope } from "./budget-cache.ts";
import { lockAccounts, saveAccounts } from "./open-accounts.ts";
import type { BudgetServices } from "./reserve-tasks.ts";

const maxCharges = 1_000;

const selectCharged = {
  name: "select_charged_scopes",
  text: `SELECT DISTINCT scope_id, project_id
         FROM (SELECT scope_id, project_id FROM budget_charges ORDER BY id LIMIT ${maxCharges}) AS oldest ORDER BY scope_id`,
};

const dropCharges = { name: "drop_budget_charges", text: "DELETE FROM budget_charges WHERE scope_id = ANY ($1)" };

interface ChargedRow {
  readonly scope_id: string;
  readonly project_id: string;
}

async function findCharged(tx: Transaction, { budgets }: BudgetServices, rows: readonly ChargedRow[]) {
  const scopes: Scope[] = [];
  const withoutBudget: string[] = [];
  for (const row of rows) {
    const scope = (await budgets.ofProject(tx, row.project_id)).get(row.scope_id);
    if (scope === undefined) withoutBudget.push(row.scope_id);
    else scopes.push(scope);
  }
  return { scopes, withoutBudget };
}

/**
 * Takes what workers reported into the accounts, and announces those that it has used up: so it is said even when no task comes
 * that would be refused.
 */
export async function takeInCharges(services: BudgetServices): Promise<void> {
  await services.db.transaction(async (tx) => {
    const rows = await tx.query<ChargedRow>(selectCharged, []);
    if (rows.length === 0) return;
    const { scopes, withoutBudget } = await findCharged(tx, services, rows);
    if (withoutBudget.length > 0) await tx.query(dropCharges, [withoutBudget]);
    const accounts = await lockAccounts(tx, services.budgets, scopes, services.clock.now());
    const exhausted = scopes.flatMap((scope): ScopeShortage[] => {
      const account = accounts.get(scope.id);
      const shortage = account === undefined ? undefined : findExhausted(account, scope.limits);
      return shortage === undefined ? [] : [{ scope, shortage }];
    });
    await announceShortages(tx, services, accounts, exhausted);
    await saveAccounts(tx, accounts);
    return rows.length;
  });
}
