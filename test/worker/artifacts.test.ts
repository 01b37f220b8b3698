import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("An artifact", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { artifactLimitBytes: 100_000 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const leased = async (): Promise<Leased> => {
    const agent = await hub.agent();
    await hub.task(agent);
    return await hub.leaseOne(agent);
  };
  const put = ({ task, leaseToken }: Leased, name: string, content: Buffer, headers: Record<string, string> = {}) =>
    hub.test.call("PUT", `/api/v1/worker/tasks/${task.id}/artifacts/${name}`, content, {
      "lease-token": leaseToken,
      ...headers,
    });
  const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");
  const contentOf = async (id: string) => {
    const response = await fetch(`${hub.test.url}/api/v1/artifacts/${id}/content`, {
      headers: { authorization: `Bearer ${await hub.test.keyFor("viewer")}` },
    });
    return { type: response.headers.get("content-type"), content: Buffer.from(await response.arrayBuffer()) };
  };

  it("keeps its bytes and its content type, and answers with their hash", async () => {
    const work = await leased();
    const content = Buffer.from([0, 1, 0xff, 0xfe, 0x80, 0x0a]);
    const { status, body } = await put(work, "data.bin", content, { "content-type": "application/x-thing; v=1" });
    const { id, ...rest } = body;
    assert.match(id, /^art_/);
    const contentType = "application/x-thing; v=1";
    assert.deepEqual([status, rest], [200, { name: "data.bin", contentType, size: 6, sha256: sha256(content) }]);
    const kept = await contentOf(id);
    assert.deepEqual([kept.type, kept.content], [contentType, content]);
    const task = await hub.read(work.task.id);
    assert.deepEqual(
      task.artifacts.map((artifact: { name: string; size: number }) => [artifact.name, artifact.size]),
      [["data.bin", 6]],
    );
  });

  it("takes the place of one of the same name", async () => {
    const work = await leased();
    const first = await put(work, "report", Buffer.from("one"), { "content-type": "text/plain" });
    const second = await put(work, "report", Buffer.from("two, longer"), { "content-type": "text/markdown" });
    assert.equal(second.body.id, first.body.id);
    assert.equal((await contentOf(first.body.id)).content.toString(), "two, longer");
    const { artifacts } = await hub.read(work.task.id);
    assert.deepEqual([artifacts.length, artifacts[0].contentType], [1, "text/markdown"]);
    await hub.say(work, "release");
    const third = await put(await hub.leaseOne(work.task.agent), "report", Buffer.from("of another attempt"));
    assert.equal(third.body.id, first.body.id);
  });

  it("may be as large as the limit, empty, and of any type", async () => {
    const work = await leased();
    assert.equal((await put(work, "largest", Buffer.alloc(100_000, 7))).status, 200);
    const tooLarge = await put(work, "too-large", Buffer.alloc(100_001, 7));
    assert.deepEqual([tooLarge.status, tooLarge.body.code], [413, "payload_too_large"]);
    const empty = await put(work, "empty", Buffer.alloc(0));
    assert.deepEqual([empty.status, empty.body.size, empty.body.sha256], [200, 0, sha256(Buffer.alloc(0))]);
    assert.equal(empty.body.contentType, "application/octet-stream");
    // Not parsed, whatever it says it is.
    for (const type of [
      "application/json",
      "text/html",
      "multipart/form-data",
      "no/such; charset=utf-16",
      "nonsense",
    ]) {
      const { status, body } = await put(work, "typed", Buffer.from("{not json"), { "content-type": type });
      assert.deepEqual([status, body.contentType], [200, type]);
    }
    const gzip = await put(work, "zipped", Buffer.from("x"), { "content-encoding": "gzip" });
    assert.equal(gzip.status, 415);
    const names = (await hub.read(work.task.id)).artifacts.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ["largest", "empty", "typed"]);
  });

  it("may have an odd name, but not one that nobody could show", async () => {
    const work = await leased();
    const odd = ["a b.txt", "ä/ö?#%.txt", "../../etc/passwd", "日本語", "😀", "a+b&c=d", `"';<x>`, "x".repeat(100)];
    for (const name of odd) {
      const { status, body } = await put(work, encodeURIComponent(name), Buffer.from("x"));
      assert.deepEqual([status, body.name], [200, name]);
    }
    const refused = ["%00", "a%0Ab", "%1b[31m", "%20a", "a%20", "x".repeat(101), "%E2%80%A8"];
    for (const name of refused) {
      const { status, body } = await put(work, name, Buffer.from("x"));
      assert.deepEqual([status, body.errors[0].path], [422, "name"], name);
    }
    for (const name of ["%", "%ff", "%C3%28"])
      assert.equal((await put(work, name, Buffer.from("x"))).status, 400, name);
    assert.equal((await hub.read(work.task.id)).artifacts.length, odd.length);
  });

  it("is whole when several are stored under one name at once", async () => {
    const work = await leased();
    const contents = ["one", "two", "three", "four"].map((text) => Buffer.from(text.repeat(1_000)));
    const answers = await Promise.all(contents.map((content) => put(work, "same", content)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    const { artifacts } = await hub.read(work.task.id);
    assert.equal(artifacts.length, 1);
    const { content } = await contentOf(artifacts[0].id);
    assert.equal(sha256(content), artifacts[0].sha256);
    assert.ok(contents.some((one) => one.equals(content)));
  });
});
