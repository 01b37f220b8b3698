import assert from "node:assert/strict";
import { type Database, openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { Signals, type Topic } from "../../src/platform/signals.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const log = createLogger("silent");

describe("signals over a connection that is lost", () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase({ empty: true });
    db = openDatabase(database.connectionString, 2, log);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  it("tell every topic to look again once it is back, and go on", async () => {
    const address = new URL(database.connectionString);
    await using proxy = await startTcpProxy(Number(address.port));
    address.port = String(proxy.port);
    const here = new Signals(database.connectionString, log);
    const there = new Signals(address.href, log);
    await Promise.all([here.start(), there.start()]);
    const heard: [Topic, readonly string[] | "all"][] = [];
    let wake = (): void => {};
    for (const topic of ["tasks", "keys"] as const)
      there.on(topic, (keys) => {
        heard.push([topic, keys]);
        wake();
      });
    const hear = async (count: number): Promise<void> => {
      while (heard.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    };

    await proxy.cut();
    await db.transaction((tx) => here.emit(tx, "tasks", ["missed"]));
    await proxy.mend();
    await hear(2);
    await db.transaction((tx) => here.emit(tx, "tasks", ["heard"]));
    await hear(3);
    assert.deepEqual(heard, [
      ["tasks", "all"],
      ["keys", "all"],
      ["tasks", ["heard"]],
    ]);
    await Promise.all([here.stop(), there.stop()]);
  });

  it("notice a connection that is open and dead, and make it anew", async () => {
    const address = new URL(database.connectionString);
    await using proxy = await startTcpProxy(Number(address.port));
    address.port = String(proxy.port);
    const signals = new Signals(address.href, log, 50);
    await signals.start();
    const told = new Promise((resolve) => signals.on("sources", resolve));
    proxy.stall();
    assert.equal(await told, "all");
    await signals.stop();
  });

  it("leave no connection when they are stopped while they make it anew", async () => {
    const ours = "FROM pg_stat_activity WHERE application_name = 'hookyard-signals' AND datname = current_database()";
    const connections = async (): Promise<number> => {
      const [row] = await db.query<{ count: number }>({ text: `SELECT count(*)::int ${ours}` }, []);
      return row?.count ?? -1;
    };
    const signals = new Signals(database.connectionString, log);
    await signals.start();
    await db.query({ text: `SELECT pg_terminate_backend(pid) ${ours}` }, []);
    while ((await connections()) > 0);
    while ((await connections()) === 0);
    await signals.stop();
    while ((await connections()) > 0);
  });
});
