import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHubDatabase, type HubDatabase } from "../support/hub-database.ts";
import { type HubProcess, runCommand, startHubProcess } from "../support/hub-process.ts";
import { clientOf, type TestClient } from "../support/test-hub.ts";

const secret = "a secret for GitHub that nobody may see";
const example = "config/example.yaml";

describe("configuration as code", function () {
  this.timeout(60_000);
  let database: HubDatabase;
  let hub: HubProcess;
  let directory: string;
  before(async () => {
    database = await createHubDatabase();
    hub = await startHubProcess({ environment: database.environment });
    directory = await mkdtemp(join(tmpdir(), "hookyard-config-"));
  });
  after(async () => {
    await hub[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  /** A project of its own, the command line for it, and its API. */
  async function newProject() {
    const { stdout } = await runCommand(["project", "create", "Ours"], database);
    const key = stdout.trim().split(" ")[1] ?? "";
    const call = clientOf(hub.url, key);
    const run = async (args: readonly string[], environment: Record<string, string> = {}) => {
      const names = { HOOKYARD_URL: hub.url, HOOKYARD_API_KEY: key, GITHUB_WEBHOOK_SECRET: secret };
      const result = await runCommand(args, { environment: { ...names, ...environment } });
      assert.ok(!`${result.stdout}${result.stderr}`.includes(secret), "shows a value of the environment");
      return result;
    };
    const write = async (text: string): Promise<string> => {
      const file = join(directory, `${key.slice(-8)}.yaml`);
      await writeFile(file, text);
      return file;
    };
    const apply = async (text: string, ...args: readonly string[]) =>
      await run(["apply", "-f", await write(text), "--yes", ...args]);
    const names = async (section: string): Promise<string[]> =>
      (await call("GET", `/api/v1/${section}`)).body.data.map(({ name }: { name: string }) => name).toSorted();
    return { call, run, write, apply, names };
  }

  async function firstOf(call: TestClient, section: string) {
    return (await call("GET", `/api/v1/${section}`)).body.data[0];
  }

  it("makes a fresh hub as the example says, once", async () => {
    const { call, run, names } = await newProject();
    const before = await run(["diff", "-f", example]);
    assert.deepEqual([before.exit, before.stderr], [2, ""]);
    assert.match(before.stdout, /^ {2}\+ agent "triager"$/m);
    assert.match(before.stdout, /^6 to create, 0 to change, 0 to delete\.$/m);
    assert.deepEqual(await names("sources"), []);

    const applied = await run(["apply", "-f", example, "--yes"]);
    assert.deepEqual([applied.exit, applied.stderr], [0, ""]);
    assert.match(applied.stdout, /^created route "triage new issues"$/m);
    const route = await firstOf(call, "routes");
    const endpoint = await firstOf(call, "endpoints");
    assert.equal(route.sourceId, (await firstOf(call, "sources")).id);
    assert.equal(endpoint.subscriberId, (await firstOf(call, "subscribers")).id);

    for (const command of [["diff"], ["apply", "--yes"]]) {
      const again = await run([...command, "-f", example]);
      assert.deepEqual([again.exit, again.stderr], [0, ""]);
      assert.equal(again.stdout, "Nothing to do: the hub is as the file says.\n");
    }
  });

  it("changes what differs, clears what the file no longer has, and leaves switches alone", async () => {
    const { call, apply } = await newProject();
    const source = (more: string): string =>
      `sources: [{name: a, provider: github, secrets: ["\${GITHUB_WEBHOOK_SECRET}"]${more}}]`;
    await apply(source(", rateLimitPerSecond: 5, response: {status: 202, body: {ok: true}}"));
    const { id, createdAt } = await firstOf(call, "sources");
    await call("PATCH", `/api/v1/sources/${id}`, { enabled: false });
    assert.match(
      (await apply(source(", rateLimitPerSecond: 5, response: {status: 202, body: {ok: true}}"))).stdout,
      /^Nothing/,
    );

    const { stdout } = await apply(source(", rateLimitPerSecond: 7"));
    assert.match(stdout, /^ {2}~ source "a"$/m);
    assert.match(stdout, /^ {6}rateLimitPerSecond: 5 → 7$/m);
    assert.match(stdout, /^ {6}response: \{"status":202,.*\} → \(none\)$/m);
    const changed = await firstOf(call, "sources");
    assert.deepEqual(
      [changed.id, changed.createdAt, changed.rateLimitPerSecond, changed.response, changed.enabled],
      [id, createdAt, 7, undefined, false],
    );
    await apply(source(", enabled: true"));
    assert.deepEqual([(await firstOf(call, "sources")).enabled], [true]);
  });

  it("deletes only with --prune, and only of the kinds that the file speaks of", async () => {
    const { apply, names } = await newProject();
    const agent = (name: string): string => `{name: ${name}, runner: {type: pull}}`;
    await apply(
      `agents: [${agent("one")}, ${agent("two")}]\nsubscribers: [{name: S}]\nroutes: [{name: r, agent: two, task: {input: go}}]`,
    );
    const kept = await apply(`agents: [${agent("one")}]\nroutes: []`);
    assert.match(
      kept.stdout,
      /^Nothing to do: .* The hub has 2 more that the file does not name; --prune deletes them\.$/m,
    );
    const pruned = await apply(`agents: [${agent("one")}]\nroutes: []`, "--prune");
    assert.deepEqual([pruned.exit, pruned.stderr], [0, ""]);
    assert.match(pruned.stdout, /^deleted route "r"\ndeleted agent "two"$/m);
    assert.deepEqual([await names("agents"), await names("routes"), await names("subscribers")], [["one"], [], ["S"]]);
  });

  it("exports what can be applied again, here and to another project", async () => {
    const one = await newProject();
    await one.run(["apply", "-f", example, "--yes"]);
    const { exit, stdout, stderr } = await one.run(["export"]);
    assert.deepEqual([exit, stderr], [0, ""]);
    assert.match(stdout, /^ {4}secrets:\n {6}- \$\{SOURCE_MY_REPOSITORIES_SECRET\}$/m);
    const variables = { SOURCE_MY_REPOSITORIES_SECRET: secret };
    const file = await one.write(stdout);
    assert.equal((await one.run(["diff", "-f", file], variables)).exit, 0);
    const other = await newProject();
    assert.equal((await other.run(["apply", "-f", file, "--yes"], variables)).exit, 0);
    assert.equal((await other.run(["diff", "-f", example])).exit, 0);
  });

  it("does nothing when nobody agreed to it", async () => {
    const { run, names } = await newProject();
    const { exit, stdout, stderr } = await run(["apply", "-f", example]);
    assert.deepEqual(
      [exit, stderr],
      [1, "hookyard: Nothing was changed: say --yes to have it done without being asked\n"],
    );
    assert.match(stdout, /6 to create/);
    assert.deepEqual(await names("agents"), []);
  });

  it("is refused with 64 without a file or a key, and with 1 when there is no hub", async () => {
    const { run } = await newProject();
    for (const [args, environment] of [
      [["apply"], {}],
      [["diff", "-f"], {}],
      [["diff", "-f", example, "--what"], {}],
      [["export"], { HOOKYARD_API_KEY: "" }],
    ] as const)
      assert.equal((await run(args, environment)).exit, 64);
    const wrongKey = await run(["export", "--key", "hky_nobody"]);
    assert.equal(wrongKey.exit, 1);
    assert.match(wrongKey.stderr, /^hookyard: the hub answered 401 \(unauthenticated\)/);
    const nobody = await run(["diff", "-f", example, "--url", "http://127.0.0.1:9"]);
    assert.equal(nobody.exit, 1);
    assert.match(nobody.stderr, /cannot be reached/);
  });
});
