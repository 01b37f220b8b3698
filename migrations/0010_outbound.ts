import { type Kysely, sql } from "kysely";

const statements = [
  `ALTER TABLE endpoints
     ADD COLUMN channels text[],
     ADD COLUMN event_type_patterns text[],
     ADD COLUMN filter json,
     ADD COLUMN signing json,
     ADD COLUMN public_key text,
     ADD COLUMN retry_options json,
     ADD COLUMN rate_limit_per_second double precision,
     ADD COLUMN credentials json,
     ADD COLUMN verification json,
     ADD COLUMN disabled_at timestamptz`,
  `CREATE INDEX endpoints_by_subscriber ON endpoints (subscriber_id, id DESC)`,
  // 'hmac' signs v1, 'ed25519' signs v1a.
  `ALTER TABLE endpoint_secrets ADD COLUMN kind text NOT NULL DEFAULT 'hmac'`,
  // What a call to the endpoint logs in with: sealed as a whole. What may be shown of it stands in endpoints.credentials.
  `CREATE TABLE endpoint_credentials (
     endpoint_id uuid NOT NULL REFERENCES endpoints,
     kind text NOT NULL,
     version int NOT NULL,
     sealed bytea NOT NULL,
     created_at timestamptz NOT NULL,
     PRIMARY KEY (endpoint_id, kind)
   )`,

  // A message's transaction orders what a subscriber pulls: ids are made before the commit, so that a later one may be
  // seen first, and a reader that remembers an id would never see the other.
  `ALTER TABLE messages ADD COLUMN channels text[], ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()`,
  `CREATE INDEX messages_by_subscriber ON messages (project_id, subscriber_id, xid, id)`,
  `CREATE TABLE subscriber_positions (
     subscriber_id uuid NOT NULL,
     consumer text NOT NULL,
     message_id uuid NOT NULL,
     updated_at timestamptz NOT NULL,
     PRIMARY KEY (subscriber_id, consumer)
   )`,
  `CREATE TABLE event_types (
     project_id uuid NOT NULL REFERENCES projects,
     name text NOT NULL,
     description text,
     schema json,
     example json,
     deprecated boolean NOT NULL,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     PRIMARY KEY (project_id, name)
   )`,

  // Held: its endpoint is off, and it has no job until that is on again. Redriven: the retry window began anew then.
  `ALTER TABLE deliveries ADD COLUMN held boolean NOT NULL DEFAULT false, ADD COLUMN redriven_at timestamptz`,
  `CREATE INDEX deliveries_held ON deliveries (endpoint_id, id) WHERE held`,
  `CREATE INDEX deliveries_waiting ON deliveries (endpoint_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL`,
  // Of what went well there is no need: it is found by its state, and writes to neither of these.
  `CREATE INDEX deliveries_by_status ON deliveries (project_id, last_status, id DESC NULLS LAST) WHERE last_status <> 200`,
  `CREATE INDEX deliveries_by_outcome ON deliveries (project_id, last_outcome, id DESC NULLS LAST)
     WHERE last_outcome <> 'succeeded'`,

  // How the attempts of an hour went: their number by outcome and by class of duration.
  `CREATE TABLE endpoint_stats (
     endpoint_id uuid NOT NULL,
     hour timestamptz NOT NULL,
     outcome text NOT NULL,
     duration_class smallint NOT NULL,
     attempts int NOT NULL,
     PRIMARY KEY (endpoint_id, hour, outcome, duration_class)
   )`,
  `CREATE INDEX endpoint_stats_by_hour ON endpoint_stats (hour)`,
  `CREATE TABLE endpoint_health (
     endpoint_id uuid PRIMARY KEY,
     failures int NOT NULL,
     failing_since timestamptz,
     announced_at timestamptz,
     last_failure json,
     breaker_until timestamptz,
     breaker_trips int NOT NULL DEFAULT 0
   )`,
  // The tokens that all processes share; one row for each endpoint with a rate.
  `CREATE TABLE endpoint_rates (
     endpoint_id uuid PRIMARY KEY,
     tokens double precision NOT NULL,
     filled_at timestamptz NOT NULL
   )`,
  `CREATE TABLE bulk_operations (
     id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     kind text NOT NULL,
     endpoint_id uuid NOT NULL,
     subscriber_id uuid,
     parameters json NOT NULL,
     state text NOT NULL,
     rate_per_second int NOT NULL,
     position uuid,
     total int NOT NULL,
     done int NOT NULL,
     skipped int NOT NULL,
     actor_kind text NOT NULL,
     actor_id text NOT NULL,
     actor_name text NOT NULL,
     created_at timestamptz NOT NULL,
     due_at timestamptz NOT NULL,
     finished_at timestamptz
   )`,
  `CREATE INDEX bulk_operations_by_project ON bulk_operations (project_id, id DESC NULLS LAST)`,
  `CREATE INDEX bulk_operations_due ON bulk_operations (due_at) WHERE state = 'running'`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const undo = [
  "DROP TABLE bulk_operations",
  "DROP TABLE endpoint_rates",
  "DROP TABLE endpoint_health",
  "DROP TABLE endpoint_stats",
  "DROP INDEX deliveries_by_outcome",
  "DROP INDEX deliveries_by_status",
  "DROP INDEX deliveries_waiting",
  // Its index goes with it. What was held has no job: nobody else would end it.
  "UPDATE deliveries SET state = 'canceled', last_outcome = 'endpoint_disabled', settled_at = now() WHERE held",
  "ALTER TABLE deliveries DROP COLUMN held, DROP COLUMN redriven_at",
  "DROP TABLE event_types",
  "DROP TABLE subscriber_positions",
  "ALTER TABLE messages DROP COLUMN xid, DROP COLUMN channels",
  "DROP TABLE endpoint_credentials",
  "DELETE FROM endpoint_secrets WHERE kind <> 'hmac'",
  "ALTER TABLE endpoint_secrets DROP COLUMN kind",
  "DROP INDEX endpoints_by_subscriber",
  `ALTER TABLE endpoints
     DROP COLUMN channels, DROP COLUMN event_type_patterns, DROP COLUMN filter, DROP COLUMN signing,
     DROP COLUMN public_key, DROP COLUMN retry_options, DROP COLUMN rate_limit_per_second, DROP COLUMN credentials,
     DROP COLUMN verification, DROP COLUMN disabled_at`,
];

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const statement of undo) await sql.raw(statement).execute(db);
}
