import { type Kysely, sql } from "kysely";

const statements = [
  // What an A2A client called a task's conversation and its first message.
  `CREATE TABLE a2a_tasks (
     task_id uuid PRIMARY KEY,
     project_id uuid NOT NULL,
     context_id text NOT NULL,
     message_id text NOT NULL
   )`,
  `CREATE INDEX a2a_tasks_by_context ON a2a_tasks (project_id, context_id, task_id)`,
  // The messages that answered a task's questions, so that one that is sent twice answers once.
  `CREATE TABLE a2a_answers (
     task_id uuid NOT NULL,
     message_id text NOT NULL,
     PRIMARY KEY (task_id, message_id)
   )`,
  // Who wants to be called when a task changes. `told` is the state that was told last, `due_at` when to look again.
  `CREATE TABLE a2a_push_configs (
     task_id uuid NOT NULL,
     id text NOT NULL,
     project_id uuid NOT NULL,
     url text NOT NULL,
     sealed bytea,
     version text NOT NULL,
     told text,
     due_at timestamptz NOT NULL,
     failures integer NOT NULL DEFAULT 0,
     last_error text,
     ended boolean NOT NULL DEFAULT false,
     created_at timestamptz NOT NULL,
     PRIMARY KEY (task_id, id)
   )`,
  `CREATE INDEX a2a_push_configs_due ON a2a_push_configs (due_at) WHERE NOT ended`,
  // The task of a peer that does a task of ours, for as long as ours is open: whichever process goes on with it finds it here.
  // `attempt` is the one that began it, and names its message; `push_hash` is that of the token with which the peer may call.
  `CREATE TABLE a2a_calls (
     task_id uuid PRIMARY KEY,
     agent_id uuid NOT NULL,
     attempt integer NOT NULL,
     peer_task_id text,
     context_id text,
     answers_told integer NOT NULL DEFAULT 0,
     push_hash bytea,
     created_at timestamptz NOT NULL
   )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ["a2a_calls", "a2a_push_configs", "a2a_answers", "a2a_tasks"])
    await sql`DROP TABLE ${sql.table(table)}`.execute(db);
}
