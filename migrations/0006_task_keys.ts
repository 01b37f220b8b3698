import { type Kysely, sql } from "kysely";

const statements = [
  // `keys`, `depends_on` and `awaited` are null for nearly every task, and tell whoever settles it, without another read,
  // that its end concerns others. json, not jsonb: keys come from payloads.
  `ALTER TABLE tasks
     ADD COLUMN keys json,
     ADD COLUMN session_id text,
     ADD COLUMN origin json,
     ADD COLUMN coalesced json,
     ADD COLUMN subscriber_id uuid,
     ADD COLUMN depends_on uuid[],
     ADD COLUMN awaited boolean`,
  // A task's place in the line of a key: `away` (it does not ask yet), `waiting`, `open`, `blocking` (it failed, and the line
  // waits for it), `kept` (it has ended, and its key makes no second task until expires_at).
  `CREATE TABLE task_keys (
     task_id uuid NOT NULL,
     kind text NOT NULL,
     hash bytea NOT NULL,
     seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
     standing text NOT NULL,
     capacity int,
     expires_at timestamptz,
     superseded boolean NOT NULL DEFAULT false,
     PRIMARY KEY (task_id, kind)
   )`,
  `CREATE INDEX task_keys_lines ON task_keys (hash, standing, seq)`,
  `CREATE INDEX task_keys_superseded ON task_keys (task_id) WHERE superseded`,
  `CREATE INDEX task_keys_expiry ON task_keys (expires_at) WHERE standing = 'kept'`,
  // What a task still waits for. A row goes when its dependency has completed.
  `CREATE TABLE task_dependencies (
     task_id uuid NOT NULL,
     dependency_id uuid NOT NULL,
     failed boolean NOT NULL DEFAULT false,
     PRIMARY KEY (task_id, dependency_id)
   )`,
  `CREATE INDEX task_dependencies_by_dependency ON task_dependencies (dependency_id)`,
  `CREATE INDEX task_dependencies_failed ON task_dependencies (task_id) WHERE failed`,
];

const columns = ["keys", "session_id", "origin", "coalesced", "subscriber_id", "depends_on", "awaited"];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ["task_dependencies", "task_keys"]) await sql`DROP TABLE ${sql.table(table)}`.execute(db);
  for (const column of columns) await sql`ALTER TABLE tasks DROP COLUMN ${sql.ref(column)}`.execute(db);
}
