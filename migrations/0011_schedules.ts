import { type Kysely, sql } from "kysely";

const statements = [
  // The times themselves are pg-boss' (pgboss.schedule, under the id of the row); a job of its is a time that has come.
  `CREATE TABLE schedules (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     name text NOT NULL,
     cron text NOT NULL,
     timezone text NOT NULL,
     missed text NOT NULL,
     agent_id uuid NOT NULL REFERENCES agents,
     task json NOT NULL,
     enabled boolean NOT NULL,
     effective_from timestamptz NOT NULL,
     last_run_at timestamptz,
     last_task_id uuid,
     last_error text,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     deleted_at timestamptz
   )`,
  `CREATE INDEX schedules_by_project ON schedules (project_id, id DESC)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  // Its times would go on coming due for nothing.
  await sql`DO $$ BEGIN
              IF to_regclass('pgboss.schedule') IS NOT NULL THEN DELETE FROM pgboss.schedule WHERE name = 'schedules'; END IF;
            END $$`.execute(db);
  await sql`DROP TABLE schedules`.execute(db);
}
