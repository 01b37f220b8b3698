import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { readOrCreateMasterKey } from "../../src/platform/master-key-file.ts";

const program = `
  import { readOrCreateMasterKey } from ${JSON.stringify(fileURLToPath(new URL("../../src/platform/master-key-file.ts", import.meta.url)))};
  process.stdout.write(await readOrCreateMasterKey(process.argv[1]));
`;

describe("master key file", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "hookyard-key-"));
    path = join(folder, "data", "master.key");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("makes a key that only its owner can read, and returns the same one next time", async () => {
    const key = await readOrCreateMasterKey(path);
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(await readFile(path, "utf8"), `${key}\n`);
    assert.equal(await readOrCreateMasterKey(path), key);
    assert.deepEqual(await readdir(join(folder, "data")), ["master.key"]);
  });

  it("gives everyone the same key who comes while it is being made", async () => {
    for (let round = 0; round < 10; round += 1) {
      const file = `${path}${round}`;
      const asked: Promise<string>[] = [];
      for (let call = 0; call < 20; call += 1) {
        asked.push(readOrCreateMasterKey(file));
        await setImmediate();
      }
      assert.equal(new Set(await Promise.all(asked)).size, 1);
    }
    assert.equal((await readdir(join(folder, "data"))).length, 10);
  });

  it("gives processes that start at once the same key", async () => {
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program, path]);
    const keys = (await Promise.all([run(), run(), run()])).map(({ stdout }) => stdout);
    assert.equal(new Set(keys).size, 1);
    assert.match(keys[0] ?? "", /^[0-9a-f]{64}$/);
  });

  it("names the file and leaves it alone when it does not hold a master key", async () => {
    const damaged = join(folder, "master.key");
    await writeFile(damaged, "half a k");
    await assert.rejects(readOrCreateMasterKey(damaged), (error: unknown) => {
      assert.ok(error instanceof Error && error.message.startsWith(damaged), String(error));
      return true;
    });
    assert.equal(await readFile(damaged, "utf8"), "half a k");
  });
});
