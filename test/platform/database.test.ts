import assert from "node:assert/strict";
import { sql } from "kysely";
import pg from "pg";
import { UnavailableError } from "../../src/lib/errors.ts";
import { type Database, openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const log = createLogger("silent");

function isAway(error: unknown): boolean {
  return error instanceof UnavailableError && error.code === "database_unavailable" && error.retryAfterSeconds === 5;
}

describe("the database", () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase({ empty: true });
    db = openDatabase(database.connectionString, 4, log);
    await db.query({ text: "CREATE TABLE things (id int PRIMARY KEY)" }, []);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  const insert = { text: "INSERT INTO things VALUES ($1)" };
  const count = async (): Promise<number> => {
    const [row] = await db.query<{ count: number }>({ text: "SELECT count(*)::int FROM things" }, []);
    return row?.count ?? -1;
  };
  beforeEach(() => db.query({ text: "TRUNCATE things" }, []));

  describe("a transaction", () => {
    it("commits what its work did by either way, and calls back afterwards", async () => {
      const seen: number[] = [];
      const answer = await db.transaction(async (tx) => {
        await tx.query(insert, [1]);
        await sql`INSERT INTO things VALUES (2)`.execute(tx.kysely);
        tx.afterCommit(() => seen.push(1));
        assert.equal(await count(), 0, "nobody else sees it yet");
        return "done";
      });
      assert.deepEqual([answer, seen, await count()], ["done", [1], 2]);
    });

    it("takes everything back when its work fails, passes the error on, and calls nobody", async () => {
      const seen: number[] = [];
      const failure = new Error("a bug");
      const work = db.transaction(async (tx) => {
        await tx.query(insert, [1]);
        tx.afterCommit(() => seen.push(1));
        throw failure;
      });
      await assert.rejects(work, (error) => error === failure);
      assert.deepEqual([seen, await count()], [[], 0]);
    });

    it("fails when Postgres has aborted it, although its work swallowed the error", async () => {
      const seen: number[] = [];
      const work = db.transaction(async (tx) => {
        await tx.query(insert, [1]);
        await tx.query(insert, [1]).catch(() => undefined);
        tx.afterCommit(() => seen.push(1));
      });
      await assert.rejects(work, /the transaction ended with ROLLBACK/);
      assert.deepEqual([seen, await count()], [[], 0]);
    });

    it("gives its connection back whatever happens", async () => {
      for (let round = 0; round < 10; round += 1)
        await db.transaction(() => Promise.reject(new Error("a bug"))).catch(() => undefined);
      const { total, idle, waiting } = db.pressure();
      assert.deepEqual([total === idle, waiting], [true, 0]);
    });
  });

  it("passes on what is wrong with a statement, with Postgres' code", async () => {
    await db.query(insert, [1]);
    const isDuplicate = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === "23505";
    await assert.rejects(db.query(insert, [1]), isDuplicate);
    await assert.rejects(sql`INSERT INTO things VALUES (1)`.execute(db.kysely), isDuplicate);
    await assert.rejects(
      db.transaction((tx) => tx.query(insert, [1])),
      isDuplicate,
    );
  });

  describe("is away, by every way of asking,", () => {
    const ways: readonly [string, (db: Database) => Promise<unknown>][] = [
      ["query", (gone) => gone.query({ text: "SELECT 1" }, [])],
      ["named query", (gone) => gone.query({ name: "one", text: "SELECT $1::int" }, [1])],
      ["kysely", (gone) => sql`SELECT 1`.execute(gone.kysely)],
      ["transaction", (gone) => gone.transaction((tx) => tx.query({ text: "SELECT 1" }, []))],
    ];

    it("when nobody listens there, when its name is nowhere, and when it has been closed", async () => {
      const addresses = ["postgres://a:b@127.0.0.1:1/x", "postgres://a:b@nowhere.invalid/x"];
      for (const address of addresses) {
        const gone = openDatabase(address, 2, log);
        for (const [way, ask] of ways) await assert.rejects(ask(gone), isAway, `${way} of ${address}`);
        await gone.close();
        for (const [way, ask] of ways) await assert.rejects(ask(gone), isAway, `${way} after the end`);
      }
    });

    it("when it refuses the password, or is not there", async () => {
      const refused = new URL(database.connectionString);
      refused.password = "wrong";
      const missing = new URL(database.connectionString);
      missing.pathname = "/nothing_of_that_name";
      for (const { href } of [refused, missing]) {
        const gone = openDatabase(href, 2, log);
        for (const [way, ask] of ways) await assert.rejects(ask(gone), isAway, way);
        await gone.close();
      }
    });

    it("when the connection breaks in the middle, and the next statement finds it again", async () => {
      const address = new URL(database.connectionString);
      await using proxy = await startTcpProxy(Number(address.port));
      address.port = String(proxy.port);
      const through = openDatabase(address.href, 4, log);
      const sleep = "SELECT pg_sleep(10)";
      const asked = [
        through.query({ text: sleep }, []),
        sql.raw(sleep).execute(through.kysely),
        through.transaction((tx) => tx.query({ text: sleep }, [])),
        through.transaction((tx) => sql.raw(sleep).execute(tx.kysely)),
      ].map((asking) => assert.rejects(asking, isAway));
      while (through.pressure().total < 4 || through.pressure().idle > 0) await new Promise(setImmediate);
      await proxy.cut();
      await Promise.all(asked);
      await proxy.mend();
      assert.deepEqual(await through.query({ text: "SELECT 1 AS one" }, []), [{ one: 1 }]);
      assert.equal(through.pressure().total, 1, "the broken ones are gone");
      await through.close();
    });

    it("when Postgres shuts the connection, one that is idle included", async () => {
      const own = openDatabase(database.connectionString, 1, log);
      const [row] = await own.query<{ pid: number }>({ text: "SELECT pg_backend_pid() AS pid" }, []);
      const sleeping = assert.rejects(own.query({ text: "SELECT pg_sleep(10)" }, []), isAway);
      await db.query({ text: "SELECT pg_terminate_backend($1)" }, [row?.pid]);
      await sleeping;
      const [next] = await own.query<{ pid: number }>({ text: "SELECT pg_backend_pid() AS pid" }, []);
      await db.query({ text: "SELECT pg_terminate_backend($1)" }, [next?.pid]);
      while (own.pressure().total > 0) await new Promise(setImmediate);
      await own.query({ text: "SELECT 1" }, []);
      await own.close();
    });

    it("when a statement takes longer than it may", async () => {
      const work = db.transaction(async (tx) => {
        await tx.query({ text: "SET LOCAL statement_timeout = 50" }, []);
        await tx.query({ text: "SELECT pg_sleep(10)" }, []);
      });
      await assert.rejects(work, isAway);
    });

    it("when it has become a standby, whose connections are then not used again", async () => {
      const own = openDatabase(database.connectionString, 1, log);
      const pid = async (): Promise<object | undefined> =>
        (await own.query({ text: "SELECT pg_backend_pid()" }, []))[0];
      const becomeStandby = { text: "SET default_transaction_read_only = on" };
      for (const write of [
        () => own.transaction((tx) => tx.query(insert, [1])),
        () => sql`INSERT INTO things VALUES (1)`.execute(own.kysely),
        () => own.query(insert, [1]),
      ]) {
        await own.query(becomeStandby, []);
        const before = await pid();
        await assert.rejects(write(), isAway);
        assert.notDeepEqual(await pid(), before);
      }
      await own.close();
    });

    it("when no connection comes free", async function () {
      this.timeout(10_000);
      const own = openDatabase(database.connectionString, 1, log);
      const held = own.transaction(async () => await assert.rejects(own.query({ text: "SELECT 1" }, []), isAway));
      while (own.pressure().waiting === 0) await new Promise(setImmediate);
      await held;
      await own.close();
    });
  });
});
