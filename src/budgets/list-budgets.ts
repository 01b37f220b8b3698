import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type BudgetView, presentBudgets, scopeUuid } from "./budget-view.ts";
import { selectBudgets } from "./store.ts";

/** All budgets of the project: its own, and those of its routes and agents. */
export async function listBudgets(ctx: Context, page: PageRequest): Promise<Page<BudgetView>> {
  authorise(ctx.actor, "budgets:read");
  const rows = await selectBudgets(ctx.db, ctx.actor.projectId, page);
  return pageOf(await presentBudgets(ctx.db, ctx, rows), page.limit, scopeUuid);
}
