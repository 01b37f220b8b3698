import { type Kysely, sql } from "kysely";

const statements = [
  // `request` is what a task waits for a person to say, and `answers` what was said to earlier ones. `approval` says whether
  // its result needs a person's yes; null for nearly every task.
  `ALTER TABLE tasks
     ADD COLUMN request json,
     ADD COLUMN request_expires_at timestamptz,
     ADD COLUMN answers json,
     ADD COLUMN approval json`,
  `CREATE INDEX tasks_requests_due ON tasks (request_expires_at) WHERE request_expires_at IS NOT NULL`,
  `ALTER TABLE routes ADD COLUMN approval json`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE routes DROP COLUMN approval`.execute(db);
  // Its index goes with it.
  for (const column of ["request", "request_expires_at", "answers", "approval"])
    await sql`ALTER TABLE tasks DROP COLUMN ${sql.ref(column)}`.execute(db);
}
