import { type Kysely, sql } from "kysely";

const columns = ["when_expression", "keys", "debounce", "limits", "actors", "loops", "subscriber"];

export async function up(db: Kysely<unknown>): Promise<void> {
  // json, not jsonb: read as a whole, and shown as they were written.
  await sql`
    ALTER TABLE routes
      ADD COLUMN when_expression text,
      ADD COLUMN keys json,
      ADD COLUMN debounce json,
      ADD COLUMN limits json,
      ADD COLUMN actors json,
      ADD COLUMN loops json,
      ADD COLUMN subscriber text`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const column of columns) await sql`ALTER TABLE routes DROP COLUMN ${sql.ref(column)}`.execute(db);
}
