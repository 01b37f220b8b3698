import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { deleteProjectBudget } from "./store.ts";

/** Takes the budget of the project away. Throws NotFoundError when it has none. */
export async function removeProjectBudget(ctx: Context): Promise<void> {
  authorise(ctx.actor, "budgets:write");
  const { projectId } = ctx.actor;
  await ctx.db.transaction(async (tx) => {
    if (!(await deleteProjectBudget(tx, projectId))) throw new NotFoundError("This project has no budget");
    await recordAudit(ctx, tx, { action: "budget.remove", target: toWireId("project", projectId) });
    await ctx.signals.emit(tx, "budgets", [projectId]);
  });
}
