import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { lockDirectory } from "../../src/platform/lock-directory.ts";
import { readProcessIdentity } from "../../src/platform/process-identity.ts";

const lockModule = new URL("../../src/platform/lock-directory.ts", import.meta.url).href;

// Says "ready", takes the lock at the given time, and holds it until its input ends.
const contender = `
  import { lockDirectory } from ${JSON.stringify(lockModule)};
  const [directory, at] = process.argv.slice(1);
  while (Date.now() < Number(at));
  process.stdin.resume();
  try {
    await lockDirectory(directory);
    process.stdout.write("won");
  } catch (error) {
    process.stdout.write(error.code);
  }
  process.stdout.end();
`;

async function contend(directory: string, count: number): Promise<string[]> {
  const at = String(Date.now() + 400);
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", contender, directory, at], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  const outcomes = await Promise.all(children.map((child) => text(child.stdout)));
  const exits = children.map((child) => once(child, "exit"));
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(exits);
  return outcomes.toSorted();
}

describe("lockDirectory", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "hookyard-lock-"));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it("refuses a directory that is held, naming it and the holder, and gives it out again once released", async () => {
    const unlock = await lockDirectory(directory);
    await assert.rejects(lockDirectory(directory), {
      code: "data_directory_in_use",
      message: new RegExp(`${directory} is in use by hookyard pid ${process.pid}; .*DATABASE_URL or HOOKYARD_DATA_DIR`),
    });
    await unlock();
    assert.deepEqual(await readdir(directory), []);
    await (
      await lockDirectory(directory)
    )();
  });

  it("is not held by a process that is gone, nor by a later one with its pid, nor by half a lock", async () => {
    const identity = (await readProcessIdentity(process.pid)) ?? "";
    await writeFile(join(directory, "hub.lock.1"), `${2 ** 22 + 1} ${identity}\n`);
    await writeFile(join(directory, "hub.lock.2"), `${process.pid} an-earlier-start\n`);
    await writeFile(join(directory, "hub.lock.3"), "");
    const unlock = await lockDirectory(directory);
    assert.deepEqual(await readdir(directory), ["hub.lock.4"]);
    await unlock();
  });

  it("lets one of several win that come at once, whether or not a dead holder's lock is there", async () => {
    for (let round = 0; round < 3; round += 1) {
      const refused = Array<string>(3).fill("data_directory_in_use");
      assert.deepEqual(await contend(directory, 4), [...refused, "won"], `round ${round}`);
    }
  }).timeout(30_000);
});
