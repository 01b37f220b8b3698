import { type Kysely, sql } from "kysely";

const statements = [
  // `profile` holds what an agent's file says of it and the hub only passes on; `metadata` what the hub does not know. Both are
  // json: a file may hold \u0000. The runner's secret is sealed under the agent's id and `secret_version`.
  `ALTER TABLE agents
     ADD COLUMN profile json NOT NULL DEFAULT '{}',
     ADD COLUMN metadata json NOT NULL DEFAULT '{}',
     ADD COLUMN version int NOT NULL DEFAULT 1,
     ADD COLUMN content_hash bytea,
     ADD COLUMN runner_secret bytea,
     ADD COLUMN secret_version int NOT NULL DEFAULT 0,
     ADD COLUMN paused_at timestamptz,
     ADD COLUMN paused_reason text,
     ADD COLUMN resume_at timestamptz`,
  // Instead of the agent, which is then the one that was chosen last when the route was saved.
  `ALTER TABLE routes ADD COLUMN capability text`,
  // The agents whose tasks the hub does itself; each process looks for them when agents change.
  `CREATE INDEX agents_run_by_hub ON agents (id) WHERE runner ->> 'type' <> 'pull' AND deleted_at IS NULL`,
  // A few dozen rows of an agent at most, so its key serves its list; platform/newest-first.ts is about large tables.
  `CREATE TABLE agent_versions (
     agent_id uuid NOT NULL,
     version int NOT NULL,
     definition json NOT NULL,
     content_hash bytea,
     actor_name text NOT NULL,
     created_at timestamptz NOT NULL,
     PRIMARY KEY (agent_id, version)
   )`,
  // The newest failures in a row of agents with a circuit breaker; the row goes with the first success.
  `CREATE TABLE agent_failures (
     agent_id uuid PRIMARY KEY,
     failed_at timestamptz[] NOT NULL
   )`,
  `CREATE TABLE workers (
     project_id uuid NOT NULL,
     worker_id text NOT NULL,
     agents text[] NOT NULL,
     first_seen_at timestamptz NOT NULL,
     last_seen_at timestamptz NOT NULL,
     PRIMARY KEY (project_id, worker_id)
   )`,
  `CREATE INDEX workers_by_last_seen ON workers (project_id, last_seen_at DESC, worker_id)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ["workers", "agent_failures", "agent_versions"])
    await sql`DROP TABLE ${sql.table(table)}`.execute(db);
  await sql`ALTER TABLE routes DROP COLUMN capability`.execute(db);
  await sql`DROP INDEX agents_run_by_hub`.execute(db);
  await sql`ALTER TABLE agents DROP COLUMN profile, DROP COLUMN metadata, DROP COLUMN version, DROP COLUMN content_hash,
            DROP COLUMN runner_secret, DROP COLUMN secret_version, DROP COLUMN paused_at, DROP COLUMN paused_reason,
            DROP COLUMN resume_at`.execute(db);
}
