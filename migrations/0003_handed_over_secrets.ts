import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // `handed_over`: null for a secret that its owner brought; else the provider handed it over, and its owner has to type it in
  // there: waiting until the hub has shown it, once, then revealed. Of secrets kept before, nobody knows; they stay null.
  await sql`ALTER TABLE source_secrets ADD COLUMN handed_over text`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE source_secrets DROP COLUMN handed_over`.execute(db);
}
