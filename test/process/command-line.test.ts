import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createHubDatabase } from "../support/hub-database.ts";
import { runCommand, startHubProcess } from "../support/hub-process.ts";
import { clientOf } from "../support/test-hub.ts";

const commands = [
  "serve [--role web|worker|all]",
  "migrate up|down",
  "project create NAME",
  "diff -f FILE",
  "apply -f FILE",
  "export",
];
const [lastMigration] = readdirSync("migrations")
  .map((file) => file.replace(/\.ts$/, ""))
  .toSorted()
  .slice(-1);

describe("the command line", function () {
  this.timeout(30_000);

  for (const args of [[], ["help"], ["serve", "--help"]])
    it(`shows its usage for "hookyard ${args.join(" ")}"`, async () => {
      const { exit, stdout, stderr } = await runCommand(args);
      assert.deepEqual([exit, stderr], [0, ""]);
      assert.match(stdout, /^Usage: hookyard <command>\n/);
      for (const command of commands) assert.ok(stdout.includes(command));
    });

  for (const [args, complaint] of [
    [["sevre"], /There is no command "sevre"/],
    [["serve", "--rôle", "web"], /--rôle/],
    [["serve", "now"], /now/],
    [["serve", "--role", "king"], /--role is one of web, worker and all/],
    [["migrate"], /Say `hookyard migrate up`/],
    [["migrate", "sideways"], /Say `hookyard migrate up`/],
    [["project"], /Say `hookyard project create NAME`/],
    [["apply"], /Say `hookyard apply -f FILE`/],
    [["diff", "--what"], /--what/],
    [["project", "create", "two", "words"], /quotes around a name/],
    [["project", "create", " "], /The project's name must not begin or end with white space/],
  ] as const)
    it(`exits with 64 and shows its usage for "hookyard ${args.join(" ")}"`, async () => {
      const { exit, stdout, stderr } = await runCommand(args);
      assert.deepEqual([exit, stdout], [64, ""]);
      assert.match(stderr, complaint);
      assert.match(stderr, /^hookyard: .*\n\nUsage: hookyard <command>\n/);
    });

  it("takes the schema back and brings it up again by `migrate`, and says so when there is nothing to do", async () => {
    await using database = await createHubDatabase();
    const { environment } = database;
    const run = async (direction: string): Promise<string> => {
      const { exit, stdout, stderr } = await runCommand(["migrate", direction], { environment });
      assert.deepEqual([exit, stderr], [0, ""]);
      const [line, ...more] = stdout.trim().split("\n");
      assert.deepEqual(more, []);
      const { unit, migrations, outcome, msg } = JSON.parse(line ?? "");
      return [unit, migrations, outcome, msg].flat().join(" ");
    };
    assert.equal((await run("up")).trim(), "migrate   nothing to change");
    assert.equal(await run("down"), `migrate ${lastMigration} down schema changed`);
    assert.equal(await run("up"), `migrate ${lastMigration} up schema changed`);
    await using hub = await startHubProcess({ environment });
    assert.equal(await hub.stop(), 0);
  });

  it("makes a project with `project create`, and shows its owner key and nothing else", async () => {
    await using database = await createHubDatabase();
    await using hub = await startHubProcess({ environment: database.environment });
    const { exit, stdout, stderr } = await runCommand(["project", "create", "Müller & Co"], database);
    assert.deepEqual([exit, stderr], [0, ""]);
    const [, projectId, key] = /^(prj_\w+) (hky_\w+)\n$/.exec(stdout) ?? [];
    const created = await clientOf(hub.url, key)("POST", "/api/v1/subscribers", { name: "the project's own" });
    assert.equal(created.status, 201);
    const others = await clientOf(hub.url, database.adminKey)("GET", `/api/v1/subscribers/${created.body.id}`);
    assert.equal(others.status, 404, "another project's");
    const [project] = await database.rows<{ name: string }>("SELECT name FROM projects ORDER BY id DESC LIMIT 1");
    assert.deepEqual([project?.name, projectId !== undefined], ["Müller & Co", true]);
  });
});
