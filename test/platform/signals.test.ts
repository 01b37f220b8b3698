import assert from "node:assert/strict";
import { once } from "node:events";
import pg from "pg";
import { type Database, openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { Signals, type Topic } from "../../src/platform/signals.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const log = createLogger("silent");

describe("Signals", () => {
  let database: TestDatabase;
  let db: Database;
  let here: Signals;
  let there: Signals;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase(database.connectionString, 2, log);
    here = new Signals(database.connectionString, log);
    there = new Signals(database.connectionString, log);
    await Promise.all([here.start(), there.start()]);
  });
  after(async () => {
    await Promise.all([here.stop(), there.stop()]);
    await db.close();
    await database.drop();
  });

  const next = (signals: Signals, topic: Topic): Promise<readonly string[] | "all"> =>
    new Promise((resolve) => {
      const off = signals.on(topic, (keys) => {
        off();
        resolve(keys);
      });
    });

  it("reach every process, and this one before the transaction's caller goes on", async () => {
    const far = next(there, "tasks");
    const heard: unknown[] = [];
    const off = here.on("tasks", (keys) => heard.push(keys));
    await db.transaction((tx) => here.emit(tx, "tasks", ["a:1", "b:2", "a:1"]));
    assert.deepEqual(heard, [["a:1", "b:2"]]);
    assert.deepEqual(await far, ["a:1", "b:2"]);
    // Its own notification is no news to it.
    const back = next(here, "tasks");
    await db.transaction((tx) => there.emit(tx, "tasks", ["last"]));
    assert.deepEqual(await back, ["last"]);
    assert.equal(heard.length, 2);
    off();
  });

  it("are not sent when the transaction fails, nor when there is nothing to say", async () => {
    const heard: unknown[] = [];
    const offs = [here, there].map((signals) => signals.on("routes", (keys) => heard.push(keys)));
    const failing = db.transaction(async (tx) => {
      await here.emit(tx, "routes", ["x"]);
      throw new Error("no");
    });
    await assert.rejects(failing, /no/);
    await db.transaction((tx) => here.emit(tx, "routes", []));
    const far = next(there, "routes");
    await db.transaction((tx) => here.emit(tx, "routes", ["y"]));
    await far;
    assert.deepEqual(heard, [["y"], ["y"]]);
    for (const off of offs) off();
  });

  it("say `all` where the keys would not fit", async () => {
    const keys = Array.from({ length: 151 }, (_, index) => `key-${index}`);
    const far = next(there, "agents");
    const near = next(here, "agents");
    await db.transaction((tx) => here.emit(tx, "agents", keys));
    assert.deepEqual([await near, await far], [keys, "all"]);
    // As many as fit, in their longest form: an agent's id and a count.
    const most = Array.from({ length: 150 }, () => `${crypto.randomUUID()}:9999`);
    const all = next(there, "agents");
    await db.transaction((tx) => here.emit(tx, "agents", most));
    assert.deepEqual(await all, most);
  });

  it("outlive a listener that fails, and the transaction that they tell of has committed", async () => {
    const off = here.on("keys", () => {
      throw new Error("a bug");
    });
    const heard = next(here, "keys");
    assert.equal(await db.transaction((tx) => here.emit(tx, "keys", ["k"]).then(() => "done")), "done");
    assert.deepEqual(await heard, ["k"]);
    off();
  });

  it("outlive a stranger's words on the channel", async () => {
    const far = next(there, "sources");
    for (const words of ["", "hello", '{"topic":"sources"}', '{"from":"x","topic":"nonsense","keys":[]}'])
      await db.query({ text: "SELECT pg_notify('hookyard', $1)" }, [words]);
    await db.transaction((tx) => here.emit(tx, "sources", ["s"]));
    assert.deepEqual(await far, ["s"]);
  });

  it("say `all` once a lost connection is back, since news went missing", async () => {
    const far = next(there, "endpoints");
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE application_name = 'hookyard-signals' AND datname = current_database()`;
    assert.equal((await client.query(text)).rowCount, 2);
    await client.end();
    assert.equal(await far, "all");
    const again = next(there, "endpoints");
    await db.transaction((tx) => here.emit(tx, "endpoints", ["e"]));
    assert.deepEqual(await again, ["e"]);
  });

  it("leave nothing behind when they are stopped while the connection is away", async () => {
    const signals = new Signals(database.connectionString, log);
    await signals.start();
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    const own =
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'hookyard-signals' AND datname = current_database()";
    const before = (await client.query(own)).rows.length;
    await signals.stop();
    while ((await client.query(own)).rows.length !== before - 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const ended = once(client, "end");
    await client.end();
    await ended;
  });

  it("do not try for ever when they could not begin", async () => {
    const nowhere = new Signals("postgres://hookyard@127.0.0.1:1/nowhere", log);
    await assert.rejects(nowhere.start(), /ECONNREFUSED/);
    await nowhere.stop();
  });
});
