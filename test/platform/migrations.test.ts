import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { UnavailableError } from "../../src/lib/errors.ts";
import { type Database, openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { migrate } from "../../src/platform/migrator.ts";
import { startReceiver } from "../support/receiver.ts";
import { createTestDatabase } from "../support/test-database.ts";
import { clientOf, startTestHub } from "../support/test-hub.ts";
import { sendDelivery, setUpMainJob } from "../support/traffic.ts";

const log = createLogger("silent");
// Which Kysely's migrator holds (postgres-adapter.js).
const kyselyLock = "3853314791062309107";

async function openEmptyDatabase(): Promise<AsyncDisposable & { open(): Database }> {
  const { connectionString, drop } = await createTestDatabase({ empty: true });
  const opened: Database[] = [];
  return {
    open() {
      const db = openDatabase(connectionString, 2, log);
      opened.push(db);
      return db;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((db) => db.close()));
      await drop();
    },
  };
}

/** Everything that a schema is made of, as the catalogue tells it; but for Kysely's own list of what was applied. */
async function schemaOf(db: Database): Promise<string[]> {
  const text = `
    SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS part
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s', oid::regclass, relkind) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'
    UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')`;
  const rows = await db.query<{ part: string }>({ text }, []);
  return rows
    .map((row) => row.part)
    .filter((part) => !part.includes("kysely_migration"))
    .toSorted();
}

describe("the migrations", function () {
  this.timeout(30_000);

  it("make on an empty database what they take back, and make again", async () => {
    await using database = await openEmptyDatabase();
    const db = database.open();
    const empty = await schemaOf(db);
    assert.equal(await migrate(db.kysely, "up", log), true);
    const full = await schemaOf(db);
    assert.ok(full.length > 200 && full.some((part) => part.startsWith("events.body bytea")));
    assert.equal(await migrate(db.kysely, "up", log), false, "there is nothing more to do");
    let steps = 0;
    while (await migrate(db.kysely, "down", log)) steps += 1;
    assert.deepEqual(await schemaOf(db), empty);
    for (let back = steps; back > 0; back -= 1) {
      assert.equal(await migrate(db.kysely, "up", log), true);
      assert.deepEqual(await schemaOf(db), full);
      for (let step = 0; step < back - 1; step += 1) assert.equal(await migrate(db.kysely, "down", log), true);
    }
  });

  it("take back a database that was in use, with its partitions and its queue, and a hub can begin anew on it", async () => {
    await using receiver = await startReceiver();
    await using test = await startTestHub();
    const key = await test.keyFor("owner");
    const job = await setUpMainJob(test.url, key, receiver.url);
    assert.equal((await sendDelivery(test.url, job, "the one"))?.status, 200);
    const work = clientOf(test.url, job.workerKey);
    const leased = await work("POST", "/api/v1/worker/lease", { workerId: "w", agents: ["triager"], waitSeconds: 5 });
    const [{ task, leaseToken }] = leased.body.tasks;
    await work("POST", `/api/v1/worker/tasks/${task.id}/complete`, { leaseToken, result: {} });
    await receiver.until(1);
    assert.equal((await sendDelivery(test.url, job, "the one that waits"))?.status, 200);
    await test.hub.stop();

    const db = openDatabase(test.database.connectionString, 2, log);
    const full = await schemaOf(db);
    assert.ok(
      full.some((part) => /^events_\d{8} r$/.test(part)),
      "a day's partition",
    );
    while (await migrate(db.kysely, "down", log));
    assert.deepEqual(await schemaOf(db), []);
    await db.close();

    await using again = await test.startAnother();
    await again.processAll();
    const tasks = await again.services.db.query<{ count: number }>({ text: "SELECT count(*)::int FROM tasks" }, []);
    assert.deepEqual(tasks, [{ count: 0 }]);
  });

  it("are applied by one of several that start at once", async () => {
    await using database = await openEmptyDatabase();
    const changed = await Promise.all([1, 2, 3, 4].map(() => migrate(database.open().kysely, "up", log)));
    assert.equal(changed.filter(Boolean).length, 1);
  });

  it("wait for another one's for as long as it takes, whatever the limit of a statement", async () => {
    const { connectionString, drop } = await createTestDatabase({ empty: true });
    await using stack = new AsyncDisposableStack();
    stack.defer(drop);
    const [slow, waiting] = [1, 2].map(() => openDatabase(`${connectionString}?statement_timeout=200`, 1, log));
    assert.ok(slow !== undefined && waiting !== undefined);
    stack.defer(() => slow.close());
    stack.defer(() => waiting.close());
    await slow.query({ text: `SELECT pg_advisory_lock(${kyselyLock})` }, []);
    const migrated = migrate(waiting.kysely, "up", log);
    await delay(400);
    await slow.query({ text: `SELECT pg_advisory_unlock(${kyselyLock})` }, []);
    assert.equal(await migrated, true);
    await assert.rejects(waiting.query({ text: "SELECT pg_sleep(1)" }, []), UnavailableError, "the limit holds again");
  });

  it("say so when the schema is newer than the program, and leave it as it is", async () => {
    await using database = await openEmptyDatabase();
    const db = database.open();
    await migrate(db.kysely, "up", log);
    const full = await schemaOf(db);
    await db.query({ text: "INSERT INTO kysely_migration VALUES ('9999_later', '2099-01-01')" }, []);
    for (const direction of ["up", "down"] as const)
      await assert.rejects(
        migrate(db.kysely, direction, log),
        (error) =>
          error instanceof UnavailableError &&
          error.code === "migration_failed" &&
          /newer than this hookyard/.test(error.message),
      );
    assert.deepEqual(await schemaOf(db), full);
  });

  it("leave nothing half done when a step fails, and name it", async () => {
    await using database = await openEmptyDatabase();
    const db = database.open();
    await db.query({ text: "CREATE TABLE deliveries (in_the_way int)" }, []);
    const before = await schemaOf(db);
    await assert.rejects(
      migrate(db.kysely, "up", log),
      /^UnavailableError: Migration 0001_init up failed: .*"deliveries" already exists/,
    );
    assert.deepEqual(await schemaOf(db), before);
  });
});
