import { type Kysely, sql } from "kysely";

const statements = [
  // `last_event_id`: how far it has come, moved by the transaction that routes the events up to there. `due_at`: when the
  // next may be routed, by the rate. `error`: why it ended as failed, or what was wrong with the last event that failed.
  `CREATE TABLE replays (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     generation int NOT NULL,
     state text NOT NULL,
     filter json NOT NULL,
     route_id uuid,
     rate_per_second double precision NOT NULL,
     max_events int NOT NULL,
     total int NOT NULL,
     total_is_minimum boolean NOT NULL,
     done int NOT NULL,
     failed int NOT NULL,
     tasks int NOT NULL,
     pending int NOT NULL,
     last_event_id uuid,
     due_at timestamptz NOT NULL,
     error json,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     ended_at timestamptz,
     UNIQUE (project_id, generation)
   )`,
  `CREATE INDEX replays_by_project ON replays (project_id, id DESC)`,
  // What the job looks for every second.
  `CREATE INDEX replays_due ON replays (due_at) WHERE state = 'running'`,
  // Partitions are those of events: what retention drops there, it drops here.
  `CREATE TABLE event_replays (
     event_id uuid NOT NULL,
     generation int NOT NULL,
     replay_id uuid NOT NULL,
     replayed_at timestamptz NOT NULL,
     PRIMARY KEY (event_id, generation)
   ) PARTITION BY RANGE (event_id)`,
  `CREATE TABLE event_replays_default PARTITION OF event_replays DEFAULT`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ["event_replays", "replays"]) await sql`DROP TABLE ${sql.table(table)}`.execute(db);
}
