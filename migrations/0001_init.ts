import { type Kysely, sql } from "kysely";

// One statement a list entry, so that a failure names its own line. Where the index of a large table has NULLS LAST, see
// platform/newest-first.ts.
const statements = [
  `CREATE TABLE master_key_checks (
     version int PRIMARY KEY,
     check_value bytea NOT NULL
   )`,
  `CREATE TABLE projects (
     id uuid PRIMARY KEY,
     name text NOT NULL,
     created_at timestamptz NOT NULL
   )`,
  `CREATE TABLE api_keys (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     name text NOT NULL,
     role text NOT NULL,
     hash bytea NOT NULL UNIQUE,
     hint text NOT NULL,
     agents text[],
     expires_at timestamptz,
     revoked_at timestamptz,
     created_at timestamptz NOT NULL
   )`,
  `CREATE INDEX api_keys_by_project ON api_keys (project_id, id DESC)`,
  `CREATE TABLE audit_log (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     actor_kind text NOT NULL,
     actor_id text NOT NULL,
     actor_name text NOT NULL,
     action text NOT NULL,
     target text,
     detail json,
     created_at timestamptz NOT NULL
   )`,
  `CREATE INDEX audit_log_by_project ON audit_log (project_id, id DESC)`,
  // `response` is sealed, because it may hold a secret that is shown once. Null: still under way, or its process died.
  `CREATE TABLE idempotency_keys (
     project_id uuid NOT NULL,
     credential bytea NOT NULL,
     key text NOT NULL,
     request_hash bytea NOT NULL,
     holder uuid NOT NULL,
     locked_until timestamptz NOT NULL,
     response bytea,
     created_at timestamptz NOT NULL,
     PRIMARY KEY (project_id, credential, key)
   )`,
  `CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)`,

  // 1 who may send
  `CREATE TABLE sources (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     name text NOT NULL,
     provider text NOT NULL,
     verification json NOT NULL,
     response json,
     rate_limit_per_second int,
     body_limit_bytes int,
     enabled boolean NOT NULL,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     deleted_at timestamptz
   )`,
  `CREATE INDEX sources_by_project ON sources (project_id, id DESC)`,
  `CREATE TABLE source_secrets (
     id uuid PRIMARY KEY,
     source_id uuid NOT NULL REFERENCES sources,
     sealed bytea NOT NULL,
     expires_at timestamptz,
     created_at timestamptz NOT NULL
   )`,
  `CREATE INDEX source_secrets_by_source ON source_secrets (source_id)`,

  // 2 accept. Partitions are ranges of the UUIDv7 id, a day each: retention drops one, and a read by id finds its own.
  `CREATE TABLE events (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     source_id uuid NOT NULL,
     provider text NOT NULL,
     type text NOT NULL,
     delivery_id text NOT NULL,
     received_at timestamptz NOT NULL,
     headers json NOT NULL,
     content_type text,
     body bytea NOT NULL,
     conflict boolean NOT NULL DEFAULT false
   ) PARTITION BY RANGE (id)`,
  `CREATE INDEX events_by_project ON events (project_id, id DESC NULLS LAST)`,
  `CREATE INDEX events_by_source ON events (source_id, id DESC NULLS LAST)`,
  // Without it a search for a rare type walks all events. 170 to 340 bytes of WAL an event, its time below the noise.
  `CREATE INDEX events_by_type ON events (project_id, type, id DESC NULLS LAST)`,
  // Rows outside every day's partition land here, so that a late maintenance run costs tidiness, never an event.
  `CREATE TABLE events_default PARTITION OF events DEFAULT`,
  `CREATE TABLE event_keys (
     hash bytea PRIMARY KEY,
     event_id uuid NOT NULL,
     body_hash bytea NOT NULL,
     expires_at timestamptz NOT NULL
   )`,
  `CREATE INDEX event_keys_by_expiry ON event_keys (expires_at)`,

  // 3 decide, 4 who works
  `CREATE TABLE agents (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     name text NOT NULL,
     description text,
     team text,
     capabilities text[] NOT NULL,
     instructions text,
     model text,
     tools text[] NOT NULL,
     runner json NOT NULL,
     limits json NOT NULL,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     deleted_at timestamptz
   )`,
  `CREATE UNIQUE INDEX agents_by_name ON agents (project_id, name) WHERE deleted_at IS NULL`,
  `CREATE INDEX agents_by_project ON agents (project_id, id DESC)`,
  `CREATE TABLE routes (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     name text NOT NULL,
     source_id uuid REFERENCES sources,
     provider text,
     match json,
     agent_id uuid NOT NULL REFERENCES agents,
     task json NOT NULL,
     enabled boolean NOT NULL,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     deleted_at timestamptz
   )`,
  `CREATE INDEX routes_by_project ON routes (project_id, id DESC)`,

  // 5 work. Payload-derived text is json: it holds \u0000, which text and jsonb refuse. The hot tables (tasks, messages,
  // deliveries and what hangs on them) have no foreign keys: each check would lock the one agent or endpoint row that all
  // of a burst share, and agents, endpoints and projects are only ever soft-deleted.
  `CREATE TABLE tasks (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     agent_id uuid NOT NULL,
     route_id uuid,
     event_id uuid,
     state text NOT NULL,
     reason text,
     input json NOT NULL,
     parameters json,
     priority int NOT NULL,
     event json,
     attempt int NOT NULL,
     attempts_charged int NOT NULL,
     max_attempts int NOT NULL,
     lease_hash bytea,
     lease_worker text,
     lease_expires_at timestamptz,
     lease_seconds int,
     deadline_at timestamptz,
     start_after timestamptz,
     progress json,
     usage json,
     result json,
     error json,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     settled_at timestamptz
   )`,
  `CREATE INDEX tasks_by_project ON tasks (project_id, id DESC NULLS LAST)`,
  `CREATE INDEX tasks_by_agent ON tasks (agent_id, id DESC)`,
  // Serves lists by agent and by state, a project's as those of each of its agents in turn, and the count of what an agent
  // works on.
  `CREATE INDEX tasks_by_agent_state ON tasks (agent_id, state, id DESC NULLS LAST)`,
  `CREATE INDEX tasks_by_event ON tasks (event_id, id DESC NULLS LAST) WHERE event_id IS NOT NULL`,
  // The sweep of lapsed leases reads only what is leased.
  `CREATE INDEX tasks_by_lease ON tasks (lease_expires_at) WHERE state = 'working'`,
  // Tasks that wait for their time stand here, not in the queue; the promoter gives them a job when it has come.
  `CREATE INDEX tasks_due ON tasks (start_after) WHERE start_after IS NOT NULL`,
  `CREATE TABLE task_attempts (
     task_id uuid NOT NULL,
     attempt int NOT NULL,
     worker_id text NOT NULL,
     actor_id text NOT NULL,
     started_at timestamptz NOT NULL,
     ended_at timestamptz,
     outcome text,
     error json,
     usage json,
     PRIMARY KEY (task_id, attempt)
   )`,
  `CREATE TABLE task_events (
     task_id uuid NOT NULL,
     attempt int NOT NULL,
     seq bigint NOT NULL,
     type text NOT NULL,
     data json,
     created_at timestamptz NOT NULL,
     PRIMARY KEY (task_id, attempt, seq)
   )`,
  `CREATE TABLE artifacts (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     task_id uuid NOT NULL,
     name text NOT NULL,
     content_type text NOT NULL,
     size int NOT NULL,
     sha256 bytea NOT NULL,
     content bytea NOT NULL,
     created_at timestamptz NOT NULL,
     UNIQUE (task_id, name)
   )`,
  `CREATE INDEX artifacts_by_project ON artifacts (project_id, id DESC NULLS LAST)`,
  // By media type, whatever its parameters. The expression is that of the list's query.
  `CREATE INDEX artifacts_by_type ON artifacts (project_id, rtrim(lower(split_part(content_type, ';', 1))), id DESC NULLS LAST)`,

  // 6 announce, 7 subscribers, 8 deliver
  `CREATE TABLE subscribers (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     name text NOT NULL,
     external_id text,
     is_default boolean NOT NULL DEFAULT false,
     created_at timestamptz NOT NULL,
     deleted_at timestamptz
   )`,
  `CREATE UNIQUE INDEX subscribers_by_external_id ON subscribers (project_id, external_id) WHERE deleted_at IS NULL`,
  `CREATE UNIQUE INDEX subscribers_default ON subscribers (project_id) WHERE is_default`,
  `CREATE INDEX subscribers_by_project ON subscribers (project_id, id DESC)`,
  `CREATE TABLE endpoints (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL REFERENCES projects,
     subscriber_id uuid NOT NULL REFERENCES subscribers,
     url text NOT NULL,
     description text,
     event_types text[],
     headers json NOT NULL,
     timeout_seconds int,
     concurrency int,
     retry_schedule_seconds int[],
     disabled boolean NOT NULL,
     disabled_reason text,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     deleted_at timestamptz
   )`,
  `CREATE INDEX endpoints_by_project ON endpoints (project_id, id DESC)`,
  `CREATE TABLE endpoint_secrets (
     id uuid PRIMARY KEY,
     endpoint_id uuid NOT NULL REFERENCES endpoints,
     sealed bytea NOT NULL,
     expires_at timestamptz,
     created_at timestamptz NOT NULL
   )`,
  `CREATE INDEX endpoint_secrets_by_endpoint ON endpoint_secrets (endpoint_id)`,
  `CREATE TABLE messages (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     type text NOT NULL,
     subscriber_id uuid,
     task_id uuid,
     external_id text,
     payload bytea NOT NULL,
     created_at timestamptz NOT NULL
   )`,
  `CREATE INDEX messages_by_project ON messages (project_id, id DESC NULLS LAST)`,
  `CREATE INDEX messages_by_type ON messages (project_id, type, id DESC NULLS LAST)`,
  `CREATE INDEX messages_by_task ON messages (task_id) WHERE task_id IS NOT NULL`,
  `CREATE UNIQUE INDEX messages_by_external_id ON messages (project_id, external_id) WHERE external_id IS NOT NULL`,
  `CREATE TABLE deliveries (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     message_id uuid NOT NULL,
     endpoint_id uuid NOT NULL,
     state text NOT NULL,
     attempts int NOT NULL,
     retries_spent int NOT NULL,
     last_outcome text,
     last_status int,
     next_attempt_at timestamptz,
     created_at timestamptz NOT NULL,
     settled_at timestamptz
   )`,
  // With the state in both, a list in any state merges four ranges, and a list of one state needs no index of its own. An
  // update of the state writes to every index anyway: of 16,000 settled deliveries 59 were HOT without it.
  `CREATE INDEX deliveries_by_project ON deliveries (project_id, state, id DESC NULLS LAST)`,
  `CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, state, id DESC NULLS LAST)`,
  `CREATE INDEX deliveries_by_message ON deliveries (message_id, id DESC NULLS LAST)`,
  // Retries wait here, not in the queue: 100,000 of them would be skipped over by every fetch.
  `CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL`,
  `CREATE TABLE attempts (
     id uuid PRIMARY KEY,
     delivery_id uuid NOT NULL,
     project_id uuid NOT NULL,
     number int NOT NULL,
     outcome text NOT NULL,
     status int,
     error text,
     duration_ms int NOT NULL,
     request_headers json NOT NULL,
     response_headers json,
     response_body bytea,
     response_truncated boolean NOT NULL,
     started_at timestamptz NOT NULL
   ) PARTITION BY RANGE (id)`,
  `CREATE INDEX attempts_by_delivery ON attempts (delivery_id, id DESC NULLS LAST)`,
  `CREATE TABLE attempts_default PARTITION OF attempts DEFAULT`,
];

// Payloads compress with lz4 where this Postgres was built with it (the embedded one was not); elsewhere with its default.
const compressPayloads = `
  DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
      ALTER TABLE events ALTER COLUMN body SET COMPRESSION lz4;
      ALTER TABLE events_default ALTER COLUMN body SET COMPRESSION lz4;
      ALTER TABLE messages ALTER COLUMN payload SET COMPRESSION lz4;
      ALTER TABLE artifacts ALTER COLUMN content SET COMPRESSION lz4;
    END IF;
  END $$`;

const tables = [
  "attempts",
  "deliveries",
  "messages",
  "endpoint_secrets",
  "endpoints",
  "subscribers",
  "artifacts",
  "task_events",
  "task_attempts",
  "tasks",
  "routes",
  "agents",
  "event_keys",
  "events",
  "source_secrets",
  "sources",
  "idempotency_keys",
  "audit_log",
  "api_keys",
  "projects",
  "master_key_checks",
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...statements, compressPayloads]) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  // pg-boss installs it anew. What is queued carries rows that are about to go, and would name them in vain.
  await sql`DROP SCHEMA IF EXISTS pgboss CASCADE`.execute(db);
  for (const table of tables) await sql`DROP TABLE ${sql.table(table)}`.execute(db);
}
