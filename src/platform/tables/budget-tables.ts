import type { ColumnType } from "kysely";
import type { Json } from "./column-types.ts";

export interface ProjectBudgetsTable {
  project_id: string;
  limits: Json;
  updated_at: Date;
}

export interface BudgetAccountsTable {
  scope_id: string;
  project_id: string;
  kind: string;
  state: Json;
}

export interface BudgetChargesTable {
  id: ColumnType<string, never, never>;
  scope_id: string;
  project_id: string;
  charged_at: Date;
  tokens: string;
  cost: string;
  released_tokens: string;
  released_cost: string;
  ended_tokens: string | null;
  ended_cost: string | null;
}

export interface BudgetTasksTable {
  task_id: string;
  scope_id: string;
  reserved_tokens: string;
  reserved_cost: string;
  attempt: number;
  tokens: string;
  cost: string;
  past_tokens: string;
  past_cost: string;
}
