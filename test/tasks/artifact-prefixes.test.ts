import assert from "node:assert/strict";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Executor } from "../../src/platform/database.ts";
import { type ArtifactFilter, selectArtifacts } from "../../src/tasks/artifact-store.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const id = "01890a5d-ac96-774b-bcce-b302099a8057";

describe("Artifacts among many", () => {
  let database: TestDatabase;
  let client: pg.Client;
  let db: Executor;
  let plans: string[] = [];

  async function explained(text: string, values: unknown[]) {
    const plan = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN (COSTS OFF) ${text}`, values);
    plans.push(plan.rows.map((row) => row["QUERY PLAN"]).join("\n"));
    return await client.query(text, values);
  }

  before(async () => {
    database = await createTestDatabase();
    client = new pg.Client(database.connectionString);
    await client.connect();
    await client.query(
      `INSERT INTO artifacts (id, project_id, task_id, agent_id, name, content_type, size, sha256, content, path, created_at,
                              updated_at)
       SELECT gen_random_uuid(), $1, gen_random_uuid(), $1, 'name ' || i, 'text/plain', 1, '', '', 'path/' || i, now(), now()
       FROM generate_series(1, 20000) AS i`,
      [id],
    );
    await client.query("ANALYZE artifacts");
    const connection = { query: explained, release: () => {} } as never;
    const pool = { connect: () => Promise.resolve(connection), end: () => Promise.resolve(), options: {} };
    db = {
      kysely: new Kysely({ dialect: new PostgresDialect({ pool }) }),
      query: async ({ text }, values) => (await explained(text, [...values])).rows,
    };
  });
  after(async () => {
    await client.end();
    await database.drop();
  });

  const lists: readonly (readonly [string, ArtifactFilter])[] = [
    ["artifacts_by_name", { name: "name 1234" }],
    ["artifacts_by_path", { path: "path/1234" }],
    ["artifacts_task_id_name_key", { taskId: id }],
  ];
  for (const [index, filter] of lists)
    it(`are found by ${Object.keys(filter)[0]} in an index`, async () => {
      plans = [];
      await selectArtifacts(db, id, filter, { limit: 50 });
      assert.ok(plans.at(-1)?.includes(index), plans.at(-1));
      assert.ok(!plans.at(-1)?.includes("Seq Scan on artifacts"), plans.at(-1));
    });
});
