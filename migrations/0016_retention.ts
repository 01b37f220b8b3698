import { type Kysely, sql } from "kysely";

const erasable = ["events", "tasks", "messages", "attempts"];

const statements = [
  // A project without a row keeps what it has for as long as the hub does.
  `CREATE TABLE project_retention (
     project_id uuid PRIMARY KEY REFERENCES projects,
     days int NOT NULL,
     updated_at timestamptz NOT NULL
   )`,
  // When the payload was taken out; the row stays.
  ...erasable.map((table) => `ALTER TABLE ${table} ADD COLUMN erased_at timestamptz`),
  // An attempt that was under way is written down after its message was erased: the next maintenance looks at these again.
  `CREATE INDEX messages_erased ON messages (erased_at) WHERE erased_at IS NOT NULL`,
  // The erasure of a subscriber that is under way: up to which message, and how far it has come.
  `CREATE TABLE subscriber_erasures (
     subscriber_id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     until_id uuid NOT NULL,
     message_xid xid8 NOT NULL,
     message_id uuid NOT NULL,
     messages_done boolean NOT NULL,
     endpoint_id uuid NOT NULL,
     delivery_state text,
     delivery_id uuid
   )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`DROP TABLE subscriber_erasures`.execute(db);
  // Its index goes with it.
  for (const table of erasable) await sql`ALTER TABLE ${sql.table(table)} DROP COLUMN erased_at`.execute(db);
  await sql`DROP TABLE project_retention`.execute(db);
}
