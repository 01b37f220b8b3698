import assert from "node:assert/strict";
import { analyzeGrownTables } from "../../src/platform/analyze-grown-tables.ts";
import { type Database, openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const log = createLogger("silent");

describe("Tables that have grown fast", () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase(database.connectionString, 2, log);
    await db.query({ text: "ALTER TABLE event_keys SET (autovacuum_enabled = off)" }, []);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  const insert = async (count: number): Promise<void> => {
    await db.query(
      {
        text: `INSERT INTO event_keys (hash, event_id, body_hash, expires_at)
               SELECT uuid_send(gen_random_uuid()), gen_random_uuid(), '', now() FROM generate_series(1, $1)`,
      },
      [count],
    );
  };
  const known = async (): Promise<number> => {
    const text = "SELECT reltuples::int AS rows FROM pg_class WHERE oid = 'event_keys'::regclass";
    const [row] = await db.query<{ rows: number }>({ text }, []);
    return row?.rows ?? -1;
  };

  it("are analyzed, once for each time that they double", async () => {
    await insert(100);
    await analyzeGrownTables(db, log);
    assert.ok((await known()) <= 100, "a small table is left to autovacuum");
    await insert(12_000);
    await analyzeGrownTables(db, log);
    assert.equal(await known(), 12_100);
    await insert(3_000);
    await analyzeGrownTables(db, log);
    assert.equal(await known(), 12_100);
    await insert(25_000);
    await analyzeGrownTables(db, log);
    assert.ok((await known()) > 35_000);
  });
});
