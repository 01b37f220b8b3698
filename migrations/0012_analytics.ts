import { type Kysely, sql } from "kysely";

const statements = [
  // What happened within an hour to one agent, route, source or endpoint. A duration is counted in the bin of its length
  // (analytics/duration-bins.ts), so that hours add up and quantiles can still be told. `value` is a count, tokens, or dollars.
  `CREATE TABLE rollups (
     project_id uuid NOT NULL,
     dimension text NOT NULL,
     bucket timestamptz NOT NULL,
     subject uuid NOT NULL,
     measure text NOT NULL,
     bin smallint NOT NULL,
     value double precision NOT NULL,
     PRIMARY KEY (project_id, dimension, bucket, subject, measure, bin)
   )`,
  // How far each table has been counted: everything with an id up to this one.
  `CREATE TABLE rollup_cursors (
     source_table text PRIMARY KEY,
     last_id uuid NOT NULL
   )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ["rollup_cursors", "rollups"]) await sql`DROP TABLE ${sql.table(table)}`.execute(db);
}
