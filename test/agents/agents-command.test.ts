import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../support/hub-process.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";

describe("hookyard agents import", () => {
  let test: TestHub;
  let directory = "";
  let environment: Record<string, string> = {};
  before(async () => {
    test = await startTestHub();
    directory = await mkdtemp(join(tmpdir(), "hookyard-agents-"));
    await cp(fileURLToPath(new URL("../fixtures/agents", import.meta.url)), join(directory, "team"), {
      recursive: true,
    });
    environment = { HOOKYARD_URL: `${test.url}/`, HOOKYARD_API_KEY: await test.keyFor("developer") };
  });
  after(async () => {
    await rm(directory, { recursive: true });
    await test[Symbol.asyncDispose]();
  });

  it("imports every file below a directory, again without a change, and passes over READMEs", async () => {
    await writeFile(join(directory, "README.md"), "# These are our agents");
    const first = await runCommand(["agents", "import", directory], { environment });
    assert.deepEqual([first.exit, first.stderr], [0, ""]);
    assert.equal(first.stdout.match(/ created \(version 1\)$/gm)?.length, 4);
    const again = await runCommand(["agents", "import", directory], { environment });
    assert.equal(again.stdout.match(/ unchanged \(version 1\)$/gm)?.length, 4);
    assert.equal((await test.call("GET", "/api/v1/agents")).body.data.length, 4);
  });

  it("names the file and line of what it refuses, and imports the rest", async () => {
    await writeFile(join(directory, "broken.md"), "---\nname: broken\ntools: [Read\n---\n");
    const { exit, stdout, stderr } = await runCommand(["agents", "import", directory], { environment });
    assert.equal(exit, 1);
    assert.match(stderr, /broken\.md: .*line 3: [^]*1 of 5 files were refused/);
    assert.equal(stdout.split("\n").length, 5);
  });

  for (const [what, args, changes, message] of [
    ["a directory that is not there", ["import", "/nowhere"], {}, /There is no \/nowhere/],
    ["no directory", ["import"], {}, /hookyard agents import DIR/],
    ["no key", ["import", "."], { HOOKYARD_API_KEY: "" }, /HOOKYARD_API_KEY/],
  ] as const)
    it(`says what is wrong with ${what}`, async () => {
      const { exit, stderr } = await runCommand(["agents", ...args], { environment: { ...environment, ...changes } });
      assert.equal(exit, 64);
      assert.match(stderr, message);
    });
});
