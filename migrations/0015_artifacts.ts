import { type Kysely, sql } from "kysely";

// As a list's query says it: the media type without its parameters.
const mediaType = "rtrim(lower(split_part(content_type, ';', 1)))";

const statements = [
  // What earlier attempts cost: json[], since a text of a worker may hold \u0000, which no function of Postgres reads. Null
  // for nearly every task.
  `ALTER TABLE tasks ADD COLUMN past_usages json[], ADD COLUMN labels text[]`,
  `CREATE TABLE task_labels (
     project_id uuid NOT NULL,
     label text NOT NULL,
     task_id uuid NOT NULL
   )`,
  `CREATE UNIQUE INDEX task_labels_newest ON task_labels (project_id, label, task_id DESC NULLS LAST)`,
  // `content` is null where it lies on disk, under its hash.
  `ALTER TABLE artifacts
     ADD COLUMN agent_id uuid,
     ADD COLUMN title text,
     ADD COLUMN path text,
     ADD COLUMN metadata json,
     ADD COLUMN report json,
     ADD COLUMN updated_at timestamptz,
     ALTER COLUMN content DROP NOT NULL`,
  `UPDATE artifacts a SET agent_id = t.agent_id, updated_at = a.created_at FROM tasks t WHERE t.id = a.task_id`,
  `ALTER TABLE artifacts ALTER COLUMN agent_id SET NOT NULL, ALTER COLUMN updated_at SET NOT NULL`,
  `CREATE INDEX artifacts_by_agent ON artifacts (agent_id, id DESC NULLS LAST)`,
  `CREATE INDEX artifacts_by_main_type ON artifacts (project_id, split_part(${mediaType}, '/', 1), id DESC NULLS LAST)`,
  `CREATE INDEX artifacts_by_name ON artifacts (project_id, name text_pattern_ops)`,
  `CREATE INDEX artifacts_by_path ON artifacts (project_id, path text_pattern_ops) WHERE path IS NOT NULL`,
  // Whether a file on disk belongs to any artifact.
  `CREATE INDEX artifacts_on_disk ON artifacts (sha256) WHERE content IS NULL`,
];

const refuseToLose = `
  DO $$ BEGIN
    IF EXISTS (SELECT FROM artifacts WHERE content IS NULL) THEN
      RAISE EXCEPTION 'contents of artifacts lie on disk, where the older schema cannot find them';
    END IF;
  END $$`;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw(refuseToLose).execute(db);
  await sql`DROP INDEX artifacts_by_name, artifacts_by_main_type, artifacts_on_disk`.execute(db);
  // The other indexes go with their columns.
  for (const column of ["agent_id", "title", "path", "metadata", "report", "updated_at"])
    await sql`ALTER TABLE artifacts DROP COLUMN ${sql.ref(column)}`.execute(db);
  await sql`ALTER TABLE artifacts ALTER COLUMN content SET NOT NULL`.execute(db);
  await sql`DROP TABLE task_labels`.execute(db);
  for (const column of ["past_usages", "labels"])
    await sql`ALTER TABLE tasks DROP COLUMN ${sql.ref(column)}`.execute(db);
}
