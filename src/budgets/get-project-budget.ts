import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { type BudgetView, presentBudgets } from "./budget-view.ts";
import { selectProjectBudget } from "./store.ts";

/** The budget of the project and what is used of it. Throws NotFoundError when it has none. */
export async function getProjectBudget(ctx: Context): Promise<BudgetView> {
  authorise(ctx.actor, "budgets:read");
  const row = await selectProjectBudget(ctx.db, ctx.actor.projectId);
  const [view] = row === undefined ? [] : await presentBudgets(ctx.db, ctx, [row]);
  if (view === undefined) throw new NotFoundError("This project has no budget");
  return view;
}
