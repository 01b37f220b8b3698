import { ConflictError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import { announceShortages, type ScopeShortage } from "./announce-shortages.ts";
import { describeShortage } from "./describe-shortage.ts";
import type { TaskScope } from "./budget-cache.ts";
import { lockAccounts, saveAccounts } from "./open-accounts.ts";
import { type BudgetServices, reserveTasks } from "./reserve-tasks.ts";

/** 409 `budget_exceeded`: the budget of the agent or the project has no room for one more task. */
class BudgetExceededError extends ConflictError {
  readonly refused: ScopeShortage;

  constructor(refused: ScopeShortage, nowMs: number) {
    super("budget_exceeded", `The task was refused: ${describeShortage(refused)}.`, {
      retryAfterSeconds: Math.max(1, Math.ceil((refused.shortage.endsAt - nowMs) / 1000)),
    });
    this.refused = refused;
  }
}

/**
 * Counts a task that somebody asked for against the budgets it is subject to, in the transaction that makes it. Throws
 * ConflictError `budget_exceeded` (409) when one of them has no room.
 */
export async function requireBudget(
  tx: Transaction,
  services: BudgetServices,
  task: TaskScope & { readonly id: string },
): Promise<void> {
  const [refused] = await reserveTasks(tx, services, [task]);
  if (refused !== undefined) throw new BudgetExceededError(refused, services.clock.now());
}

/** Does what may throw `budget_exceeded`, and announces that afterwards: what was refused was rolled back, and its message too. */
export async function announcingRefusal<Result>(
  services: BudgetServices,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BudgetExceededError) {
      const { refused } = error;
      await services.db.transaction(async (tx) => {
        const accounts = await lockAccounts(tx, services.budgets, [refused.scope], services.clock.now());
        await announceShortages(tx, services, accounts, [refused]);
        await saveAccounts(tx, accounts);
      });
    }
    throw error;
  }
}
