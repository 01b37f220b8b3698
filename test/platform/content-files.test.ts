import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openContentFiles } from "../../src/platform/content-files.ts";

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const noon = new Date("2026-01-02T12:00:00Z");
const later = new Date("2026-01-02T13:00:00Z");

describe("Contents on disk", () => {
  let parent: string;
  let directory: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "contents-"));
    directory = join(parent, "artifacts");
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  const listed = async (until: Date): Promise<string[]> => {
    const all: string[] = [];
    for await (const hashes of openContentFiles(directory).list(until)) all.push(...hashes);
    return all.toSorted();
  };

  it("are found under their hash, and nothing else is left beside them", async () => {
    const files = openContentFiles(directory);
    assert.equal(await files.read(hashOf("a")), undefined);
    assert.deepEqual(await listed(later), []);
    await files.write(hashOf("a"), Buffer.from("a"), noon);
    await Promise.all([1, 2, 3].map(() => files.write(hashOf("a"), Buffer.from("a"), noon)));
    assert.equal((await files.read(hashOf("a")))?.toString(), "a");
    assert.deepEqual(await readdir(join(directory, hashOf("a").slice(0, 2))), [hashOf("a")]);
    const { mode } = await stat(join(directory, hashOf("a").slice(0, 2), hashOf("a")));
    assert.equal(mode & 0o077, 0, "for the hub alone");
  });

  it("are named by nothing but a hash, so that none is outside", async () => {
    const files = openContentFiles(directory);
    for (const name of ["", "..", "../../etc/passwd", "a".repeat(63), "A".repeat(64), `${"a".repeat(64)}/..`]) {
      await assert.rejects(async () => files.write(name, Buffer.from("x"), noon), TypeError);
      await assert.rejects(async () => files.read(name), TypeError);
      await assert.rejects(async () => files.remove(name, later), TypeError);
    }
    assert.deepEqual(await readdir(parent), []);
  });

  it("are removed when they are old, and stay when they were written again", async () => {
    const files = openContentFiles(directory);
    await files.write(hashOf("a"), Buffer.from("a"), noon);
    await files.write(hashOf("b"), Buffer.from("b"), later);
    assert.deepEqual(await listed(noon), [hashOf("a")]);
    await files.write(hashOf("a"), Buffer.from("a"), later);
    assert.equal(await files.remove(hashOf("a"), noon), false);
    assert.equal((await files.read(hashOf("a")))?.toString(), "a");
    assert.equal(await files.remove(hashOf("a"), later), true);
    assert.equal(await files.remove(hashOf("a"), later), false);
    assert.deepEqual(await listed(later), [hashOf("b")]);
  });

  it("that were never finished go, and strangers' files stay", async () => {
    const files = openContentFiles(directory);
    await files.write(hashOf("a"), Buffer.from("a"), noon);
    const folder = join(directory, hashOf("a").slice(0, 2));
    await writeFile(join(folder, ".half-written"), "x");
    await writeFile(join(folder, "README"), "x");
    await writeFile(join(directory, "README"), "x");
    const tomorrow = new Date(Date.now() + 86_400_000);
    assert.deepEqual(await listed(tomorrow), [hashOf("a")]);
    assert.deepEqual((await readdir(folder)).toSorted(), ["README", hashOf("a")].toSorted());
    assert.deepEqual((await readdir(directory)).length, 2);
  });
});
