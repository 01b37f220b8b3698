import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import type { Budget } from "./budget.ts";
import type { BudgetView } from "./budget-view.ts";
import { getProjectBudget } from "./get-project-budget.ts";
import { upsertProjectBudget } from "./store.ts";

/** Sets the budget of the project, as a whole. What was used counts on; tokens and cost from when one of them is limited. */
export async function setProjectBudget(ctx: Context, budget: Budget): Promise<BudgetView> {
  authorise(ctx.actor, "budgets:write");
  const { projectId } = ctx.actor;
  await ctx.db.transaction(async (tx) => {
    await upsertProjectBudget(tx, projectId, budget, new Date(ctx.clock.now()));
    await recordAudit(ctx, tx, { action: "budget.set", target: toWireId("project", projectId), detail: budget });
    await ctx.signals.emit(tx, "budgets", [projectId]);
  });
  return await getProjectBudget(ctx);
}
