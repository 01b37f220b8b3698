import type { Executor, Transaction } from "../platform/database.ts";
import type { Budget } from "./budget.ts";
import type { ScopeKind } from "./budget-cache.ts";

/** A budget as it is stored, and whose it is. */
export interface BudgetRow {
  readonly kind: ScopeKind;
  readonly id: string;
  readonly name: string;
  readonly limits: Budget;
}

/** The budget of a project as a whole, if it has one. */
export async function selectProjectBudget(db: Executor, projectId: string): Promise<BudgetRow | undefined> {
  const row = await db.kysely
    .selectFrom("project_budgets")
    .innerJoin("projects", "projects.id", "project_budgets.project_id")
    .select(["projects.id", "projects.name", "project_budgets.limits"])
    .where("project_budgets.project_id", "=", projectId)
    .executeTakeFirst();
  return row === undefined ? undefined : { kind: "project", ...row, limits: row.limits as Budget };
}

/** Sets the budget of a project. */
export async function upsertProjectBudget(
  tx: Transaction,
  projectId: string,
  budget: Budget,
  now: Date,
): Promise<void> {
  const limits = JSON.stringify(budget);
  await tx.kysely
    .insertInto("project_budgets")
    .values({ project_id: projectId, limits, updated_at: now })
    .onConflict((conflict) => conflict.column("project_id").doUpdateSet({ limits, updated_at: now }))
    .execute();
}

/** Takes the budget of a project away; false when it has none. */
export async function deleteProjectBudget(tx: Transaction, projectId: string): Promise<boolean> {
  const { numDeletedRows } = await tx.kysely
    .deleteFrom("project_budgets")
    .where("project_id", "=", projectId)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

// Agents and routes are few, and read along the index of their project.
const selectPage = {
  text: `SELECT kind, id, name, limits FROM (
           SELECT 'project' AS kind, p.id, p.name, b.limits
           FROM project_budgets b JOIN projects p ON p.id = b.project_id WHERE b.project_id = $1
           UNION ALL
           SELECT 'agent', id, name, limits -> 'budget' FROM agents
           WHERE project_id = $1 AND deleted_at IS NULL AND limits -> 'budget' IS NOT NULL
           UNION ALL
           SELECT 'route', id, name, limits -> 'budget' FROM routes
           WHERE project_id = $1 AND deleted_at IS NULL AND limits -> 'budget' IS NOT NULL
         ) AS budgets
         WHERE $2::uuid IS NULL OR id < $2 ORDER BY id DESC LIMIT $3`,
};

/** A page of all budgets of a project, newest scope first, and one row more when there is a next page. */
export async function selectBudgets(
  db: Executor,
  projectId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<BudgetRow[]> {
  return await db.query<BudgetRow>(selectPage, [projectId, cursor ?? null, limit + 1]);
}
