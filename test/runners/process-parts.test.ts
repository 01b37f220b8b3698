import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/platform/config.ts";
import { type CommandSettings, placeholders } from "../../src/platform/runner-settings.ts";
import { type ArgumentValues, fillArguments } from "../../src/runners/process/fill-arguments.ts";
import { LineSplitter } from "../../src/runners/process/line-splitter.ts";
import { removeOldSessions } from "../../src/runners/process/remove-old-sessions.ts";
import { isSessionName } from "../../src/runners/process/session-directory.ts";

const values = Object.fromEntries(placeholders.map((name) => [name, `<${name}>`])) as ArgumentValues;

function commandOf(fields: object): CommandSettings {
  const settings = { runners: { process: { commands: { it: { command: "x", ...fields } } } } };
  return loadConfig({}, settings).runners.process.commands["it"] as CommandSettings;
}

describe("arguments of a command", () => {
  it("are filled once: braces and $& in a value stay as they are", () => {
    const settings = commandOf({ args: ["--a={task}{model}", "{session_id}", "plain", '{"json": 1}'] });
    const filled = fillArguments(settings, { ...values, task: "{model} $& {task}", model: "$1" });
    assert.deepEqual(filled, { ok: true, args: ["--a={model} $& {task}$1", "<session_id>", "plain", '{"json": 1}'] });
  });

  for (const [what, fields, path] of [
    ["names what there is not", { args: ["--a={secret}"] }, "args.0"],
    ["begins with the task", { args: ["--task", "{task}"] }, "args.1"],
    ["begins with the instructions", { args: ["{instructions}"] }, "args.0"],
    ["holds NUL", { args: ["a\u0000"] }, "args.0"],
    ["is of a large call", { args: [], largeArgs: ["{task}"] }, "largeArgs.0"],
    ["is no text", { args: [1] }, "args.0"],
    ["is a variable's value", { env: ["A=b"] }, "env.0"],
    ["is an unknown setting", { shell: true }, "shell"],
  ] as const)
    it(`stop the start when one ${what}`, () => {
      assert.throws(() => commandOf(fields), { code: "bad_config", message: new RegExp(`commands\\.it\\.${path}: `) });
    });

  it("may begin with the task behind --", () => {
    const filled = fillArguments(commandOf({ args: ["--", "{task}"] }), { ...values, task: "--help" });
    assert.deepEqual(filled, { ok: true, args: ["--", "--help"] });
  });
});

describe("lines of output", () => {
  const split = (limit: number, ...chunks: readonly (string | Buffer)[]): string[] => {
    const lines: string[] = [];
    const splitter = new LineSplitter(limit, { line: (text) => lines.push(text), tooLong: () => lines.push("!") });
    for (const chunk of chunks) splitter.write(Buffer.from(chunk));
    splitter.end();
    return lines;
  };

  it("are cut at line feeds, wherever the chunks end", () => {
    assert.deepEqual(split(100, "a\nb", "c\r\n\n", "", "d"), ["a", "bc", "d"]);
    const [first, second] = [Buffer.from("ä\n").subarray(0, 1), Buffer.from("ä\n").subarray(1)];
    assert.deepEqual(split(100, first, second), ["ä"]);
  });

  it("are left out when they are too long, told once, and the next one is read", () => {
    assert.deepEqual(split(3, "abc\nabcd\nefg", "h".repeat(10), "\nok\n", "zzzz"), ["abc", "!", "!", "ok", "!"]);
  });
});

describe("old sessions", () => {
  it("are removed, and what they link to stays", async () => {
    const root = await mkdtemp(join(tmpdir(), "hookyard-sessions-"));
    const session = async (name: string, ageHours: number): Promise<string> => {
      const path = join(root, "prj_1", name);
      await mkdir(join(path, "workers", "notes"), { recursive: true });
      await writeFile(join(path, "SESSION.json"), "{}");
      const at = new Date(Date.now() - ageHours * 3_600_000);
      await utimes(join(path, "SESSION.json"), at, at);
      return path;
    };
    const outside = join(root, "outside.txt");
    await writeFile(outside, "stays");
    const old = await session("old", 25);
    await symlink(outside, join(old, "link"));
    await session("new", 23);
    assert.equal(await removeOldSessions(root, Date.now() - 24 * 3_600_000), 1);
    assert.deepEqual(await readdir(join(root, "prj_1")), ["new"]);
    assert.equal(await readFile(outside, "utf8"), "stays");
    assert.equal(await removeOldSessions(join(root, "nowhere"), Date.now()), 0);
    await rm(root, { recursive: true });
  });
});

describe("the name of a session's directory", () => {
  for (const name of ["", ".", "..", "../x", "a/b", "a\\b", "-a", "a\u0000", "a b", "ä", "a".repeat(129), "a\n"])
    it(`is not ${JSON.stringify(name)}`, () => {
      assert.equal(isSessionName(name), false);
    });
});
