import { type Kysely, sql } from "kysely";

const statements = [
  // `intake`: open, paused (events are stored and held), or resuming (those held are routed, and what comes in goes behind them).
  `ALTER TABLE sources ADD COLUMN intake text NOT NULL DEFAULT 'open', ADD COLUMN allowed_ips text[]`,
  // The job that routes held events looks for these every second.
  `CREATE INDEX sources_resuming ON sources (id) WHERE intake = 'resuming'`,
  `CREATE TABLE held_events (
     source_id uuid NOT NULL,
     event_id uuid NOT NULL,
     PRIMARY KEY (source_id, event_id)
   )`,
  // A hundred rows of a source at most, so its key serves its list; platform/newest-first.ts is about tables without a bound.
  `CREATE TABLE source_rejections (
     source_id uuid NOT NULL,
     id uuid NOT NULL,
     reason text NOT NULL,
     status int NOT NULL,
     method text NOT NULL,
     address text,
     header_names json NOT NULL,
     body_size int,
     body_sha256 bytea,
     rejected_at timestamptz NOT NULL,
     PRIMARY KEY (source_id, id)
   )`,
  // One row for each source that has ever verified an event.
  `CREATE TABLE source_health (
     source_id uuid PRIMARY KEY,
     rejecting_since timestamptz,
     announced_at timestamptz
   )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ["source_health", "source_rejections", "held_events"])
    await sql`DROP TABLE ${sql.table(table)}`.execute(db);
  // Its index goes with it.
  await sql`ALTER TABLE sources DROP COLUMN intake, DROP COLUMN allowed_ips`.execute(db);
}
