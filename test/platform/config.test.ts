import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidError } from "../../src/lib/errors.ts";
import { loadConfig } from "../../src/platform/config.ts";

type Environment = Readonly<Record<string, string>>;

/** The paths that a refusal names, and its sentence. */
function refusalOf(environment: Environment, override: object = {}): { paths: string[]; message: string } {
  try {
    loadConfig(environment, override);
  } catch (error) {
    assert.ok(error instanceof InvalidError);
    assert.equal(error.code, "bad_config");
    return { paths: (error.errors ?? []).map(({ path }) => path), message: error.message };
  }
  throw new assert.AssertionError({ message: "it was accepted" });
}

describe("loadConfig", () => {
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "hookyard-config-"));
  });
  after(() => rm(directory, { recursive: true }));

  async function fileWith(text: string): Promise<string> {
    const file = join(directory, "settings.yaml");
    await writeFile(file, text);
    return file;
  }

  it("needs no environment", () => {
    const config = loadConfig({});
    assert.deepEqual(
      [
        config.port,
        config.host,
        config.databaseUrl,
        config.dataDir,
        config.adminKey,
        config.publicUrl,
        config.logLevel,
      ],
      [3000, "127.0.0.1", undefined, ".hookyard", undefined, undefined, "info"],
    );
    assert.deepEqual(config.deliveries.retryScheduleSeconds, [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]);
  });

  it("listens to the world only when the database is not the embedded one, or when told to", () => {
    const url = "postgres://localhost/hookyard";
    assert.equal(loadConfig({ DATABASE_URL: url }).host, "0.0.0.0");
    assert.equal(loadConfig({ DATABASE_URL: url, HOST: "::1" }).host, "::1");
    assert.equal(loadConfig({ HOST: "0.0.0.0" }).host, "0.0.0.0");
  });

  it("takes an empty variable, as compose files pass on, for one that is not set", () => {
    const empty = { PORT: "", DATABASE_URL: "", HOOKYARD_ADMIN_KEY: "", HOOKYARD_CONFIG: "", LOG_LEVEL: "" };
    assert.deepEqual(loadConfig(empty), loadConfig({}));
  });

  it("puts a file's keys over the defaults, and a caller's over those, key by key", async () => {
    const file = await fileWith("tasks:\n  leaseSeconds: 7\n  maxAttempts: 8\n");
    const { tasks } = loadConfig({ HOOKYARD_CONFIG: file }, { tasks: { maxAttempts: 9 } });
    assert.deepEqual([tasks.leaseSeconds, tasks.maxAttempts, tasks.timeoutSeconds], [7, 9, 3600]);
    assert.deepEqual(loadConfig({ HOOKYARD_CONFIG: await fileWith("# nothing yet\n") }), loadConfig({}));
  });

  it("removes what would double the slash of a public address", () => {
    assert.equal(
      loadConfig({ HOOKYARD_PUBLIC_URL: "https://hooks.example/hub//" }).publicUrl,
      "https://hooks.example/hub",
    );
  });

  for (const [what, override, path] of [
    ["a section that there is not", { wishes: { many: 1 } }, "wishes"],
    ["a key that there is not", { tasks: { leaseSecond: 1 } }, "tasks.leaseSecond"],
    ["a number that is none", { tasks: { leaseSeconds: "60" } }, "tasks.leaseSeconds"],
    ["a number that is too small", { database: { poolSize: 1 } }, "database.poolSize"],
    [
      "a time that is not positive",
      { deliveries: { retryScheduleSeconds: [5, 0] } },
      "deliveries.retryScheduleSeconds.1",
    ],
  ] as const)
    it(`names ${what}`, () => {
      const { paths, message } = refusalOf({}, override);
      assert.deepEqual(paths, [path]);
      assert.ok(message.includes(`${path}: `), message);
    });

  it("names every bad key at once, in a file too", async () => {
    const file = await fileWith("tasks: {leaseSeconds: -1, wish: 1}\nshutdown: {deadlineSeconds: no}\n");
    assert.deepEqual(refusalOf({ HOOKYARD_CONFIG: file }).paths.toSorted(), [
      "shutdown.deadlineSeconds",
      "tasks.leaseSeconds",
      "tasks.wish",
    ]);
  });

  for (const [what, text, why] of [
    ["is no YAML", "tasks: {leaseSeconds: 1", /cannot be read: .* at line/],
    ["is no table of sections", "tasks", /is not valid/],
    ["names a key twice", "tasks: {leaseSeconds: 1}\ntasks: {leaseSeconds: 2}\n", /cannot be read: .*unique/],
  ] as const)
    it(`names a file that ${what}`, async () => {
      const file = await fileWith(text);
      const { message } = refusalOf({ HOOKYARD_CONFIG: file });
      assert.ok(message.includes(file), message);
      assert.match(message, why);
      assert.doesNotMatch(message, /\n/);
    });

  it("names a file that there is not", () => {
    assert.match(
      refusalOf({ HOOKYARD_CONFIG: join(directory, "nowhere.yaml") }).message,
      /nowhere\.yaml cannot be read: ENOENT/,
    );
  });

  for (const [name, value] of [
    ["PORT", "80a"],
    ["PORT", "65536"],
    ["PORT", " "],
    ["DATABASE_URL", "mysql://root:secret-word@db/x"],
    ["HOOKYARD_ADMIN_KEY", "secret-word"],
    ["HOOKYARD_ADMIN_KEY", "a secret-word that can be in no header"],
    ["HOOKYARD_PUBLIC_URL", "hooks.example"],
    ["HOOKYARD_PUBLIC_URL", "ftp://hooks.example"],
    ["LOG_LEVEL", "loud"],
  ] as const)
    it(`names ${name} when it is "${value}", and keeps to itself what it was`, () => {
      const { paths, message } = refusalOf({ [name]: value });
      assert.deepEqual(paths, [name]);
      assert.doesNotMatch(message, /secret-word/);
    });
});
