import { type Kysely, sql } from "kysely";

const statements = [
  // A route's budget stands with its limits, and an agent's too.
  `CREATE TABLE project_budgets (
     project_id uuid PRIMARY KEY REFERENCES projects,
     limits json NOT NULL,
     updated_at timestamptz NOT NULL
   )`,
  // What a route, an agent or a project has used: read and written as a whole, under the row's lock.
  `CREATE TABLE budget_accounts (
     scope_id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     kind text NOT NULL,
     state json NOT NULL
   )`,
  `CREATE INDEX budget_accounts_by_project ON budget_accounts (project_id)`,
  // What workers reported, until an account takes it in: they must not wait for the one row that all of a project share.
  `CREATE TABLE budget_charges (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     scope_id uuid NOT NULL,
     project_id uuid NOT NULL,
     charged_at timestamptz NOT NULL,
     tokens bigint NOT NULL,
     cost bigint NOT NULL,
     released_tokens bigint NOT NULL,
     released_cost bigint NOT NULL,
     ended_tokens bigint,
     ended_cost bigint
   )`,
  `CREATE INDEX budget_charges_by_scope ON budget_charges (scope_id)`,
  // What is set aside for an open task, and what it has been charged; guarded by the lock on its task.
  `CREATE TABLE budget_tasks (
     task_id uuid NOT NULL,
     scope_id uuid NOT NULL,
     reserved_tokens bigint NOT NULL,
     reserved_cost bigint NOT NULL,
     attempt int NOT NULL,
     tokens bigint NOT NULL,
     cost bigint NOT NULL,
     past_tokens bigint NOT NULL,
     past_cost bigint NOT NULL,
     PRIMARY KEY (task_id, scope_id)
   )`,
  // How many events of a key came since the window began, which is with the first of them.
  `CREATE TABLE rate_windows (
     route_id uuid NOT NULL,
     key_hash bytea NOT NULL,
     ends_at timestamptz NOT NULL,
     count int NOT NULL,
     PRIMARY KEY (route_id, key_hash)
   )`,
  `CREATE INDEX rate_windows_ended ON rate_windows (ends_at)`,
  `CREATE TABLE route_breakers (
     route_id uuid PRIMARY KEY,
     window_ends_at timestamptz NOT NULL,
     count int NOT NULL,
     open_until timestamptz
   )`,
];

const tables = [
  "route_breakers",
  "rate_windows",
  "budget_tasks",
  "budget_charges",
  "budget_accounts",
  "project_budgets",
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of tables) await sql`DROP TABLE ${sql.table(table)}`.execute(db);
}
