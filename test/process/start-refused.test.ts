import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { SettingsOverride } from "../../src/platform/config.ts";
import { generateMasterKey } from "../../src/platform/master-keys.ts";
import { createHubDatabase } from "../support/hub-database.ts";
import { type CommandOptions, runCommand, startCommand, startHubProcess } from "../support/hub-process.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

/** Runs `serve`, which must refuse with one sentence for the operator, without a stack; answers with it. */
async function refusalOf(options: CommandOptions): Promise<string> {
  const { exit, stdout, stderr } = await runCommand(["serve"], {
    ...options,
    environment: { PORT: "0", ...options.environment },
  });
  assert.equal(exit, 1, stdout + stderr);
  assert.match(stderr, /^hookyard: [^\n]+\n$/);
  return stderr;
}

describe("a start that cannot succeed", function () {
  this.timeout(30_000);

  it("names a setting that there is not", async () => {
    const settings = { deliveries: { slotz: 1 } } as SettingsOverride;
    assert.match(await refusalOf({ settings }), /deliveries\.slotz/);
  });

  it("names a bad variable, and does not repeat what it holds", async () => {
    const refusal = await refusalOf({ environment: { HOOKYARD_ADMIN_KEY: "sesame", PORT: "80a" } });
    assert.match(refusal, /HOOKYARD_ADMIN_KEY: must have at least 32 characters/);
    assert.match(refusal, /PORT: must be a port number/);
    assert.doesNotMatch(refusal, /sesame/);
  });

  it("names the port that is taken, and does not use up the owner key that it has made", async () => {
    await using database = await createHubDatabase();
    const { HOOKYARD_ADMIN_KEY: _given, ...environment } = database.environment;
    const taken = createServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    const { port } = taken.address() as AddressInfo;
    const refusal = await refusalOf({ environment: { ...environment, HOST: "127.0.0.1", PORT: String(port) } });
    taken.close();
    assert.match(refusal, new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use by another program; .*PORT`));
    await using hub = await startHubProcess({ environment });
    assert.match(hub.stdout(), /Owner key of the default project/);
    assert.equal(await hub.stop(), 0);
  });

  it("tells the remedy for a master key that is not the database's", async () => {
    await using database = await createHubDatabase();
    const right = database.environment["HOOKYARD_MASTER_KEY"] ?? "";
    await using hub = await startHubProcess({ environment: database.environment });
    const start = (key: string): Promise<string> =>
      refusalOf({ environment: { ...database.environment, HOOKYARD_MASTER_KEY: key } });
    assert.match(
      await start(generateMasterKey()),
      /sealed with another master key \(version 1\)\. Set HOOKYARD_MASTER_KEY/,
    );
    assert.match(await start(`2:${right}`), /version 1, which HOOKYARD_MASTER_KEY lacks\. .*2:<new>,1:<old>/);
    assert.equal(await hub.stop(), 0);
  });

  it("waits for a database that is not up, then names its address, but not the password", async () => {
    await using nobody = await startTcpProxy(1);
    await nobody.cut();
    const url = `postgres://hub:pass-word@127.0.0.1:${nobody.port}/hookyard`;
    const settings = { database: { startWaitSeconds: 1.2 } };
    const environment = { DATABASE_URL: url, PORT: "0", HOOKYARD_MASTER_KEY: generateMasterKey() };
    await using hub = await startCommand(["serve"], { environment, settings });
    const waiting = await hub.logged((line) => line["msg"] === "waiting for the database");
    assert.deepEqual([waiting["host"], waiting["port"]], ["127.0.0.1", nobody.port]);
    assert.equal(await hub.ended, 1);
    assert.match(
      hub.stderr(),
      new RegExp(
        `^hookyard: The database at 127\\.0\\.0\\.1:${nobody.port}/hookyard cannot be used: .*ECONNREFUSED.*DATABASE_URL.*\n$`,
      ),
    );
    assert.doesNotMatch(hub.stdout() + hub.stderr(), /pass-word/);
  });

  it("does not wait where waiting is of no use: a password that is refused, an address that is none", async () => {
    await using database = await createHubDatabase();
    const refused = new URL(database.connectionString);
    refused.password = "pass-word";
    const environment = { HOOKYARD_MASTER_KEY: generateMasterKey() };
    const refusal = await refusalOf({ environment: { ...environment, DATABASE_URL: refused.href } });
    assert.match(refusal, /password authentication failed/);
    const none = await refusalOf({ environment: { ...environment, DATABASE_URL: "postgres://hub:p/ss@db/hookyard" } });
    assert.match(none, /DATABASE_URL .*percent-encode/);
    assert.doesNotMatch(refusal + none, /pass-word|p\/ss/);
  });
});

describe("a start that is too early", function () {
  this.timeout(30_000);

  it("succeeds once the database is up", async () => {
    await using database = await createHubDatabase();
    const server = new URL(database.connectionString);
    await using proxy = await startTcpProxy(Number(server.port));
    await proxy.cut();
    server.port = String(proxy.port);
    const environment = { ...database.environment, DATABASE_URL: server.href, PORT: "0" };
    await using hub = await startCommand(["serve"], { environment });
    await hub.logged((line) => line["msg"] === "waiting for the database");
    await proxy.mend();
    await hub.logged((line) => line["unit"] === "start" && line["url"] !== undefined);
    hub.send("SIGTERM");
    assert.equal(await hub.ended, 0);
  });

  it("ends at once when it is told to stop while it waits", async () => {
    await using nobody = await startTcpProxy(1);
    await nobody.cut();
    const url = `postgres://hub:pass-word@127.0.0.1:${nobody.port}/hookyard`;
    await using hub = await startCommand(["serve"], {
      environment: { DATABASE_URL: url, HOOKYARD_MASTER_KEY: generateMasterKey() },
    });
    await hub.logged((line) => line["msg"] === "waiting for the database");
    hub.send("SIGTERM");
    assert.equal(await hub.ended, 0);
    assert.match(hub.stdout(), /stopped before it was ready/);
  });
});
