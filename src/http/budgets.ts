import { z } from "zod";
import { budgetSchema } from "../budgets/budget.ts";
import { budgetViewSchema } from "../budgets/budget-view.ts";
import { getProjectBudget } from "../budgets/get-project-budget.ts";
import { listBudgets } from "../budgets/list-budgets.ts";
import { removeProjectBudget } from "../budgets/remove-project-budget.ts";
import { setProjectBudget } from "../budgets/set-project-budget.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Budgets";
const path = "/api/v1/budget";
const missing = { description: "The project has no budget." };

/** The calls on the budget of the project, and the list of all budgets. */
export const budgetOperations: readonly Operation[] = [
  operation({
    method: "get",
    path,
    summary: "Read the budget of the project and what is used of it",
    tag,
    responses: { 200: { description: "The budget.", schema: budgetViewSchema }, 404: missing },
    handle: async (ctx) => ({ status: 200, body: await getProjectBudget(ctx) }),
  }),
  operation({
    method: "put",
    path,
    summary: "Set the budget of the project",
    tag,
    body: budgetSchema,
    responses: { 200: { description: "The budget, and what is used of it.", schema: budgetViewSchema } },
    handle: async (ctx, { body }) => ({ status: 200, body: await setProjectBudget(ctx, body) }),
  }),
  operation({
    method: "delete",
    path,
    summary: "Take the budget of the project away",
    tag,
    responses: { 204: { description: "It has none now; those of routes and agents stay." }, 404: missing },
    async handle(ctx) {
      await removeProjectBudget(ctx);
      return { status: 204 };
    },
  }),
  operation({
    method: "get",
    path: "/api/v1/budgets",
    summary: "List the budgets of the project, its routes and its agents",
    tag,
    query: z.strictObject(pageQuery("budget")),
    responses: { 200: { description: "A page, the newest scope first.", schema: pageSchema(budgetViewSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listBudgets(ctx, query) }),
  }),
];
