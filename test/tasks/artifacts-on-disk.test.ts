import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openArtifactContents } from "../../src/platform/artifact-contents.ts";
import { sweepContents } from "../../src/tasks/sweep-contents.ts";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("Artifacts on disk", () => {
  let directory: string;
  let hub: WorkingHub;
  let work: Leased;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "artifacts-"));
    hub = await startWorkingHub({ artifacts: { store: "disk", directory } });
    const agent = await hub.agent();
    await hub.task(agent);
    work = await hub.leaseOne(agent);
  });
  after(async () => {
    await hub[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const put = (name: string, content: string, token = work.leaseToken) =>
    hub.test.call("PUT", `/api/v1/worker/tasks/${work.task.id}/artifacts/${name}`, Buffer.from(content), {
      "lease-token": token,
      "content-type": "text/plain",
    });
  const download = (id: string) => hub.test.call("GET", `/api/v1/artifacts/${id}/content`);
  const files = async (): Promise<string[]> =>
    (await readdir(directory, { recursive: true })).filter((name) => name.length > 2).map((name) => name.slice(3));
  const sweep = () => sweepContents(hub.test.hub.services);

  it("are served as others are, each content being there once", async () => {
    const [one, two] = [await put("one", "same"), await put("two", "same")];
    assert.deepEqual([one?.status, two?.status], [200, 200]);
    assert.deepEqual(await files(), [hashOf("same")]);
    assert.equal((await download(two.body.id)).body, "same");
    const text = "SELECT count(*)::int AS rows FROM artifacts WHERE content IS NOT NULL";
    const [row] = await hub.test.hub.services.db.query<{ rows: number }>({ text }, []);
    assert.equal(row?.rows, 0);
  });

  it("go when no artifact has them any more, and not before it is sure that none is about to", async () => {
    await put("one", "newer");
    await put("two", "newest");
    // The content came, but the lease was lost.
    assert.equal((await put("three", "nobody's", "stale")).status, 409);
    assert.equal(await sweep(), 0);
    hub.test.clock.advanceBy(3_700);
    assert.equal(await sweep(), 2);
    assert.deepEqual((await files()).toSorted(), [hashOf("newer"), hashOf("newest")].toSorted());
    const { artifacts } = await hub.read(work.task.id);
    for (const { id } of artifacts) assert.equal((await download(id)).status, 200);
    assert.equal(await sweep(), 0);
  });

  it("stay to be read when contents are kept in Postgres from now on, and the other way round", async () => {
    const { clock } = hub.test;
    const [inPostgres, onDisk] = (["postgres", "disk"] as const).map((store) =>
      openArtifactContents({ artifacts: { store, directory }, dataDir: directory }, clock),
    );
    const sha256 = Buffer.from(hashOf("newest"), "hex");
    assert.equal((await inPostgres?.get({ content: null, sha256 }))?.toString(), "newest");
    const content = Buffer.from("in the row");
    assert.equal(await inPostgres?.put(content, sha256), content);
    assert.equal(await onDisk?.get({ content, sha256 }), content);
  });

  it("that are gone are a 503, and not the hub's fault", async () => {
    const { artifacts } = await hub.read(work.task.id);
    await rm(directory, { recursive: true });
    const { status, body } = await download(artifacts[0].id);
    assert.deepEqual([status, body.code], [503, "content_missing"]);
    assert.equal(await sweep(), 0);
    const byHand = `/api/v1/tasks/${work.task.id}/artifacts/again`;
    assert.equal((await hub.test.call("PUT", byHand, Buffer.from("again"))).status, 200, "the directory is made again");
    assert.deepEqual(await files(), [hashOf("again")]);
  });
});
