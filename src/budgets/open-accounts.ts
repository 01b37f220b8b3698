import { allDone } from "../lib/all-done.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import { type AccountState, emptyAccount, rollOver, takeIn } from "./account.ts";
import type { BudgetCache, Scope } from "./budget-cache.ts";

/** Accounts by the uuid of their scope. */
export type Accounts = ReadonlyMap<string, AccountState>;

interface AccountRow {
  readonly scope_id: string;
  readonly state: AccountState;
}

interface ChargeRow {
  readonly scope_id: string;
  readonly charged_at: Date;
  readonly tokens: number;
  readonly cost: number;
  readonly released_tokens: number;
  readonly released_cost: number;
  readonly ended_tokens: number | null;
  readonly ended_cost: number | null;
}

const insertMissing = {
  name: "insert_budget_accounts",
  text: `INSERT INTO budget_accounts (scope_id, project_id, kind, state)
         SELECT scope_id, project_id, kind, $4
         FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS i (scope_id, project_id, kind) ORDER BY scope_id
         ON CONFLICT (scope_id) DO NOTHING`,
};

const lockStatement = {
  name: "lock_budget_accounts",
  text: "SELECT scope_id, state FROM budget_accounts WHERE scope_id = ANY ($1) ORDER BY scope_id FOR UPDATE",
};

const chargeColumns = `scope_id, charged_at, tokens::float8, cost::float8, released_tokens::float8, released_cost::float8,
                       ended_tokens::float8, ended_cost::float8`;

const takeCharges = {
  name: "take_budget_charges",
  text: `DELETE FROM budget_charges WHERE scope_id = ANY ($1) RETURNING ${chargeColumns}`,
};

const readAccounts = {
  name: "read_budget_accounts",
  text: "SELECT scope_id, state FROM budget_accounts WHERE scope_id = ANY ($1)",
};

const readCharges = {
  name: "read_budget_charges",
  text: `SELECT ${chargeColumns} FROM budget_charges WHERE scope_id = ANY ($1)`,
};

const saveStatement = {
  name: "save_budget_accounts",
  text: `UPDATE budget_accounts a SET state = i.state FROM unnest($1::uuid[], $2::json[]) AS i (scope_id, state)
         WHERE a.scope_id = i.scope_id`,
};

function balance(
  scopeIds: readonly string[],
  rows: readonly AccountRow[],
  charges: readonly ChargeRow[],
  nowMs: number,
) {
  const stored = new Map(rows.map((row) => [row.scope_id, row.state]));
  const accounts = new Map(scopeIds.map((id) => [id, stored.get(id) ?? emptyAccount(nowMs)]));
  for (const account of accounts.values()) rollOver(account, nowMs);
  for (const row of charges) {
    const account = accounts.get(row.scope_id);
    if (account === undefined) continue;
    takeIn(account, {
      chargedAt: row.charged_at.getTime(),
      tokens: row.tokens,
      cost: row.cost,
      released: { tokens: row.released_tokens, cost: row.released_cost },
      ended: row.ended_tokens === null ? undefined : { tokens: row.ended_tokens, cost: row.ended_cost ?? 0 },
    });
  }
  return accounts;
}

/** What the scopes have used at this moment, without holding anybody up. */
export async function peekAccounts(db: Executor, scopeIds: readonly string[], nowMs: number): Promise<Accounts> {
  const rows = db.query<AccountRow>(readAccounts, [scopeIds]);
  const charges = db.query<ChargeRow>(readCharges, [scopeIds]);
  await allDone([rows, charges]);
  return balance(scopeIds, await rows, await charges, nowMs);
}

/**
 * The accounts of these scopes, theirs alone until the transaction ends, with all charges taken in: `saveAccounts` must
 * follow. Locked in the order of the ids, and what is missing is made before any is locked, so that no two wait crosswise.
 */
export async function lockAccounts(
  tx: Transaction,
  budgets: BudgetCache,
  scopes: readonly Scope[],
  nowMs: number,
): Promise<Accounts> {
  const unknown = scopes.filter((scope) => !budgets.accounts.has(scope.id));
  if (unknown.length > 0) {
    await tx.query(insertMissing, [
      unknown.map((scope) => scope.id),
      unknown.map((scope) => scope.projectId),
      unknown.map((scope) => scope.kind),
      JSON.stringify(emptyAccount(nowMs)),
    ]);
    tx.afterCommit(() => unknown.forEach((scope) => budgets.accounts.add(scope.id)));
  }
  const ids = scopes.map((scope) => scope.id);
  const rows = tx.query<AccountRow>(lockStatement, [ids]);
  // Sent along, but its snapshot is younger than the locks: what was charged before them is all there.
  const charges = tx.query<ChargeRow>(takeCharges, [ids]);
  await allDone([rows, charges]);
  return balance(ids, await rows, await charges, nowMs);
}

/** Writes down accounts that this transaction has locked. */
export async function saveAccounts(tx: Transaction, accounts: Accounts): Promise<void> {
  if (accounts.size === 0) return;
  const states = [...accounts.values()].map((account) => JSON.stringify(account));
  await tx.query(saveStatement, [[...accounts.keys()], states]);
}
