import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { canEnter } from "../../src/platform/embedded-run-user.ts";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { isSameProcess } from "../../src/platform/process-identity.ts";
import { type EmbeddedOwner, startOwner } from "../support/embedded-owner.ts";

const root = process.getuid?.() === 0;
const nobody = 65_534;
const log = createLogger("silent");
const settings = { fsync: "off" };

async function query<Row extends object>(connectionString: string | undefined, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

async function readServerPid(directory: string): Promise<number> {
  return Number((await readFile(join(directory, "postgres", "postmaster.pid"), "utf8")).split("\n")[0]);
}

// SIGQUIT ends it at once as well, but leaves no shared memory behind.
async function killServer(directory: string, signal: "SIGKILL" | "SIGQUIT"): Promise<void> {
  const pid = await readServerPid(directory).catch(() => 0);
  if (pid <= 1) return;
  process.kill(pid, signal);
  while (await isSameProcess(pid, "")) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("startEmbeddedPostgres", function () {
  this.timeout(30_000);
  let base: string;
  let dataDir: string;
  const owners: EmbeddedOwner[] = [];
  const bystanders: ChildProcess[] = [];

  async function own(...args: Parameters<typeof startOwner>): Promise<EmbeddedOwner> {
    const owner = await startOwner(...args);
    owners.push(owner);
    return owner;
  }

  before(async () => {
    base = await mkdtemp(join(tmpdir(), "hookyard-embedded-"));
    await chmod(base, 0o711);
    dataDir = join(base, "data");
  });

  afterEach(async () => {
    await Promise.all(owners.splice(0).map((owner) => owner.kill()));
    for (const bystander of bystanders.splice(0)) bystander.kill("SIGKILL");
  });

  after(async () => {
    for (const name of await readdir(base)) await killServer(join(base, name), "SIGQUIT");
    await rm(base, { recursive: true });
  });

  it("sets up a database on the first start that only the password opens, and nobody from outside", async () => {
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    try {
      const url = new URL(postgres.connectionString);
      assert.equal(postgres.adopted, false);
      assert.equal(url.hostname, "127.0.0.1");
      assert.equal(url.pathname, "/hookyard");
      assert.ok(url.password.length >= 32);
      assert.equal((await stat(join(dataDir, "postgres-password"))).mode & 0o777, 0o600);
      const shown = await query(
        postgres.connectionString,
        `SELECT current_setting('server_encoding') AS encoding, current_setting('TimeZone') AS zone,
           current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
           current_setting('listen_addresses') AS listen, current_setting('unix_socket_directories') AS socket,
           (SELECT datlocale FROM pg_database WHERE datname = current_database()) AS locale`,
      );
      const socket = { listen: "127.0.0.1", socket: "" };
      assert.deepEqual(shown, [
        { encoding: "UTF8", zone: "UTC", fsync: "on", commit: "on", ...socket, locale: "C.UTF-8" },
      ]);
      url.password = "password";
      await assert.rejects(query(url.href, "SELECT 1"), { code: "28P01" });
      await query(postgres.connectionString, "CREATE TABLE kept AS SELECT 42 AS answer");
      assert.deepEqual(
        (await readdir(tmpdir())).filter((name) => name.startsWith("pg-password")),
        [],
      );
    } finally {
      await postgres.stop();
    }
    const connection = createConnection(Number(new URL(postgres.connectionString).port), "127.0.0.1");
    await assert.rejects(once(connection, "connect"), { code: "ECONNREFUSED" });
    assert.deepEqual((await readdir(dataDir)).toSorted(), ["postgres", "postgres-password", "postgres.log"]);
  });

  it("finds the data again on the next start, and stops however often it is told to", async () => {
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    assert.equal(postgres.adopted, false);
    assert.deepEqual(await query(postgres.connectionString, "SELECT answer FROM kept"), [{ answer: 42 }]);
    await Promise.all([postgres.stop(), postgres.stop()]);
    await postgres.stop();
  });

  it("takes over the server of a hub that was killed, and stops it in the end", async () => {
    const killed = await own(dataDir);
    await killed.kill();
    const pid = await readServerPid(dataDir);
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    assert.equal(postgres.adopted, true);
    assert.equal(postgres.connectionString, killed.report.connectionString);
    assert.deepEqual(await query(postgres.connectionString, "SELECT answer FROM kept"), [{ answer: 42 }]);
    await postgres.stop();
    assert.equal(await isSameProcess(pid, ""), false);
  });

  it("recovers what was committed when hub and server are both killed", async () => {
    const killed = await own(dataDir);
    await query(killed.report.connectionString, "CREATE TABLE committed AS SELECT 7 AS answer");
    await killed.kill();
    await killServer(dataDir, "SIGKILL");
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    assert.equal(postgres.adopted, false);
    assert.deepEqual(await query(postgres.connectionString, "SELECT answer FROM committed"), [{ answer: 7 }]);
    await postgres.stop();
  });

  it("is not fooled by a dead server's pid that now belongs to another program", async () => {
    const killed = await own(dataDir);
    await killed.kill();
    const pidFile = join(dataDir, "postgres", "postmaster.pid");
    const lines = (await readFile(pidFile, "utf8")).split("\n");
    await killServer(dataDir, "SIGKILL");
    const { uid, gid } = await stat(join(dataDir, "postgres"));
    const bystander = spawn("sleep", ["60"], root ? { uid, gid } : {});
    bystanders.push(bystander);
    await writeFile(pidFile, [String(bystander.pid), ...lines.slice(1)].join("\n"));
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    assert.equal(postgres.adopted, false);
    await postgres.stop();
    assert.equal(bystander.exitCode ?? bystander.signalCode, null);
  });

  it("stops a killed hub's server that does not take the password, and starts another", async () => {
    const killed = await own(dataDir);
    const password = new URL(killed.report.connectionString ?? "").password;
    await query(killed.report.connectionString, "ALTER USER hookyard PASSWORD 'other'");
    await killed.kill();
    const pid = await readServerPid(dataDir);
    await assert.rejects(startEmbeddedPostgres({ dataDir, log }), { code: "embedded_postgres_failed" });
    assert.equal(await isSameProcess(pid, ""), false);
    await writeFile(join(dataDir, "postgres-password"), "other");
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    await query(postgres.connectionString, `ALTER USER hookyard PASSWORD '${password}'`);
    await postgres.stop();
    await writeFile(join(dataDir, "postgres-password"), password);
  });

  it("refuses a directory that a live hub owns, naming the directory and its pid", async () => {
    const owner = await own(dataDir);
    await assert.rejects(startEmbeddedPostgres({ dataDir, log }), {
      code: "data_directory_in_use",
      message: new RegExp(`${dataDir} is in use by hookyard pid ${owner.pid}; .*DATABASE_URL or HOOKYARD_DATA_DIR`),
    });
    assert.deepEqual(await query(owner.report.connectionString, "SELECT answer FROM kept"), [{ answer: 42 }]);
    await owner.stop();
  });

  it("gives a directory to one of two that start at once, be it new, in use before, or left by a killed hub", async () => {
    const contested = join(base, "contested");
    for (let round = 0; round < 3; round += 1) {
      const both = await Promise.all([own(contested), own(contested)]);
      const winner = both.find((owner) => owner.report.connectionString !== undefined);
      const loser = both.find((owner) => owner !== winner);
      assert.ok(winner);
      assert.equal(loser?.report.code, "data_directory_in_use");
      assert.deepEqual(await query(winner.report.connectionString, "SELECT 1 AS one"), [{ one: 1 }]);
      await (round === 0 ? winner.stop() : winner.kill());
    }
  });

  it("survives the Ctrl-C that ends the hub until the hub has drained", async () => {
    const owner = await own(dataDir);
    process.kill(-owner.pid, "SIGINT");
    const [line] = await once(owner.child.stdout ?? assert.fail(), "data");
    assert.deepEqual(JSON.parse(String(line)), { message: "drained" });
    await assert.rejects(readServerPid(dataDir), { code: "ENOENT" });
  });

  it("redoes a set-up that was interrupted, and moves aside what is no cluster", async () => {
    const interrupted = join(base, "interrupted");
    await mkdir(join(interrupted, "postgres.init-x"), { recursive: true });
    await chmod(interrupted, 0o711);
    await mkdir(join(interrupted, "postgres"));
    await writeFile(join(interrupted, "postgres", "PG_VERSION"), "18\n");
    const postgres = await startEmbeddedPostgres({ dataDir: interrupted, log, settings });
    await postgres.stop();
    const names = (await readdir(interrupted)).map((name) => name.replace(/incomplete-.*/, "incomplete"));
    assert.deepEqual(names.toSorted(), ["postgres", "postgres-password", "postgres.incomplete", "postgres.log"]);
  });

  it("says what the server's log says when it does not start, and gives the directory free", async () => {
    const broken = join(base, "interrupted");
    await appendFile(join(broken, "postgres", "postgresql.conf"), "\nno_such_setting = 1\n");
    for (let attempt = 0; attempt < 2; attempt += 1)
      await assert.rejects(startEmbeddedPostgres({ dataDir: broken, log }), {
        code: "embedded_postgres_failed",
        message: /did not start:[^]*unrecognized configuration parameter "no_such_setting"/,
      });
  });

  it("refuses the data of another version, and data whose password is gone", async () => {
    const broken = join(base, "interrupted");
    await writeFile(join(broken, "postgres", "PG_VERSION"), "17\n");
    await assert.rejects(startEmbeddedPostgres({ dataDir: broken, log }), { code: "embedded_postgres_version" });
    await writeFile(join(broken, "postgres", "PG_VERSION"), "18\n");
    await rm(join(broken, "postgres-password"));
    await assert.rejects(startEmbeddedPostgres({ dataDir: broken, log }), { code: "embedded_postgres_password" });
  });

  it("starts under a umask that shuts others out", async () => {
    const owner = await own(join(base, "umask", "deep"), { umask: 0o077 });
    assert.deepEqual(await query(owner.report.connectionString, "SELECT 1 AS one"), [{ one: 1 }]);
    assert.equal(owner.report.directory, join(base, "umask", "deep"));
    await owner.stop();
  });

  describe("as root", () => {
    before(function () {
      if (!root) this.skip();
    });

    it("keeps its data where Postgres' user can go when that user cannot enter the data directory", async () => {
      const closed = join(base, "closed");
      await mkdir(closed, { mode: 0o700 });
      const first = await startEmbeddedPostgres({ dataDir: join(closed, "data"), log, settings });
      try {
        assert.match(first.directory, /^\/var\/lib\/hookyard\/data-[0-9a-f]{12}$/);
        await query(first.connectionString, "CREATE TABLE moved AS SELECT 1 AS one");
        await first.stop();
        // A directory that became reachable still has its data where it was.
        await chmod(closed, 0o711);
        const second = await startEmbeddedPostgres({ dataDir: join(closed, "data"), log, settings });
        assert.equal(second.directory, first.directory);
        assert.deepEqual(await query(second.connectionString, "SELECT one FROM moved"), [{ one: 1 }]);
        await second.stop();
      } finally {
        await rm(first.directory, { recursive: true });
      }
    });

    it("serves the cluster of an ordinary user as that user, after whom the user can serve it again", async function () {
      if (!(await canEnter({ uid: nobody, gid: nobody }, new URL("../../src", import.meta.url).pathname))) this.skip();
      const ordinary = join(base, "ordinary");
      await mkdir(ordinary);
      await chown(ordinary, nobody, nobody);
      for (const uid of [nobody, 0, nobody]) {
        const owner = await own(ordinary, { uid });
        assert.deepEqual(await query(owner.report.connectionString, "SELECT 1 AS one"), [{ one: 1 }]);
        assert.equal((await stat(join(ordinary, "postgres"))).uid, nobody);
        await owner.stop();
      }
    });

    it("says so, and loses nothing, when Postgres' user cannot enter the directory any more", async () => {
      await chmod(dataDir, 0o700);
      await assert.rejects(startEmbeddedPostgres({ dataDir, log }), {
        code: "embedded_postgres_unreachable",
        message: /make it and its parents passable/,
      });
    });
  });
});
