import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createDataDirectory, isRunning } from "../support/data-directory.ts";
import { runCommand, startHubProcess } from "../support/hub-process.ts";
import { bearer, beginRequest } from "../support/slow-request.ts";
import { clientOf } from "../support/test-hub.ts";

const ownerKey = /Owner key of the default project \(shown once, keep it\): (hky_\w+)\n/g;

function shownKeys(stdout: string): string[] {
  return [...stdout.matchAll(ownerKey)].map(([, key = ""]) => key);
}

describe("a hub with the embedded Postgres", function () {
  this.timeout(40_000);

  it("shows an owner key at the first start and never again; what was made with it stays", async () => {
    await using directory = createDataDirectory();
    const environment = { HOOKYARD_DATA_DIR: directory.path };
    await using first = await startHubProcess({ environment });
    const [key, ...more] = shownKeys(first.stdout());
    assert.ok(key !== undefined && more.length === 0, first.stdout());
    assert.equal(first.stdout().split(key).length - 1, 2, "once to read, once to paste, and not in the log");
    const source = { name: "kept", provider: "github", secrets: ["a secret of GitHub"] };
    const created = await clientOf(first.url, key)("POST", "/api/v1/sources", source);
    assert.equal(created.status, 201);
    assert.match(first.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const postgres = await directory.postgresPid();
    assert.equal(await first.stop(), 0);
    assert.equal(await isRunning(postgres), false, "Postgres is stopped with its hub");

    await using second = await startHubProcess({ environment });
    assert.deepEqual(shownKeys(second.stdout()), []);
    const kept = await clientOf(second.url, key)("GET", `/api/v1/sources/${created.body.id}`);
    assert.deepEqual([kept.status, kept.body.name], [200, "kept"]);
    assert.equal(await second.stop("SIGINT"), 0);
  });

  it("takes over the Postgres that a hub left behind when it was killed, with all that was acknowledged", async () => {
    await using directory = createDataDirectory();
    const adminKey = "an-admin-key-of-32-characters-or-more";
    const environment = { HOOKYARD_DATA_DIR: directory.path, HOOKYARD_ADMIN_KEY: adminKey };
    await using first = await startHubProcess({ environment });
    assert.deepEqual(shownKeys(first.stdout()), [], "there is a key already");
    const source = { name: "kept", provider: "github", secrets: ["a secret of GitHub"] };
    const created = await clientOf(first.url, adminKey)("POST", "/api/v1/sources", source);
    assert.equal(created.status, 201);
    const postgres = await directory.postgresPid();
    await first.kill();
    assert.equal(await isRunning(postgres), true, "nobody was left to stop it");

    await using second = await startHubProcess({ environment });
    const [opened] = second.log().filter((line) => line["unit"] === "postgres");
    assert.deepEqual([opened?.["adopted"], opened?.["pid"]], [true, postgres]);
    const kept = await clientOf(second.url, adminKey)("GET", `/api/v1/sources/${created.body.id}`);
    assert.equal(kept.status, 200);
    assert.equal(await second.stop(), 0);
    assert.equal(await isRunning(postgres), false);
  });

  it("has its directory to itself, lets `project create` in, and leaves no Postgres when it is told twice to stop", async () => {
    await using directory = createDataDirectory();
    const environment = { HOOKYARD_DATA_DIR: directory.path };
    await using hub = await startHubProcess({ environment });

    const second = await runCommand(["serve"], { environment: { ...environment, PORT: "0" } });
    assert.equal(second.exit, 1);
    assert.match(second.stderr, new RegExp(`^hookyard: ${directory.path} is in use by hookyard pid ${hub.pid}; .*\n$`));

    const project = await runCommand(["project", "create", "Another one"], { environment });
    const [, key] = /^prj_\w+ (hky_\w+)\n$/.exec(project.stdout) ?? [];
    assert.ok(key !== undefined, project.stdout + project.stderr);
    assert.equal((await clientOf(hub.url, key)("GET", "/api/v1/sources")).status, 200);
    const migrated = await runCommand(["migrate", "up"], { environment });
    assert.deepEqual([migrated.exit, /nothing to change/.test(migrated.stdout)], [0, true]);

    const postgres = await directory.postgresPid();
    const [ownKey = ""] = shownKeys(hub.stdout());
    using underWay = await beginRequest(`${hub.url}/api/v1/subscribers`, '{"name":"held back"}', bearer(ownKey));
    hub.send("SIGINT");
    await hub.logged((line) => line["unit"] === "stop");
    // As fast as npm hands on what the terminal has sent already: that is one wish.
    hub.send("SIGINT");
    await delay(600);
    assert.equal(await isRunning(hub.pid), true);
    hub.send("SIGINT");
    assert.equal(await hub.ended, 1);
    await assert.rejects(underWay.finish(), "it was cut off");
    while (await isRunning(postgres)) await delay(20);
  });
});
