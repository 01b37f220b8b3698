import assert from "node:assert/strict";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("The download of an artifact", () => {
  let hub: WorkingHub;
  let work: Leased;
  let id: string;
  before(async () => {
    hub = await startWorkingHub();
    const agent = await hub.agent();
    await hub.task(agent);
    work = await hub.leaseOne(agent);
    id = (await put("0123456789")).body.id;
  });
  after(() => hub[Symbol.asyncDispose]());

  const put = (content: string) =>
    hub.test.call("PUT", `/api/v1/worker/tasks/${work.task.id}/artifacts/a.txt`, Buffer.from(content), {
      "lease-token": work.leaseToken,
      "content-type": "text/html",
    });
  const get = (headers: Record<string, string> = {}) =>
    hub.test.call("GET", `/api/v1/artifacts/${id}/content`, undefined, headers);

  it("has the hash as its tag, and is not sent again to who has it", async () => {
    const first = await get();
    const tag = first.headers.get("etag") ?? "";
    assert.equal(tag, `"${(await hub.test.call("GET", `/api/v1/artifacts/${id}`)).body.sha256}"`);
    assert.equal(first.headers.get("cache-control"), "no-store", "whoever kept the file asks, and no cache");
    assert.match(first.headers.get("content-disposition") ?? "", /^attachment; filename="a.txt"/);
    assert.equal(first.headers.get("x-content-type-options"), "nosniff");
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
      const again = await get({ "if-none-match": known });
      assert.deepEqual([again.status, again.body, again.headers.get("etag")], [304, "", tag], known);
    }
    for (const other of ['"x"', tag.replaceAll('"', ""), ""])
      assert.equal((await get({ "if-none-match": other })).status, 200, other);
    await put("another");
    const changed = await get({ "if-none-match": tag });
    assert.deepEqual([changed.status, changed.body], [200, "another"]);
    await put("0123456789");
  });

  it("may be of a part", async () => {
    const parts: readonly [string, number, string, string | null][] = [
      ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
      ["bytes=7-", 206, "789", "bytes 7-9/10"],
      ["bytes=-2", 206, "89", "bytes 8-9/10"],
      ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
      ["bytes=5-999", 206, "56789", "bytes 5-9/10"],
      ["bytes=10-", 416, "", "bytes */10"],
      ["bytes=-0", 416, "", "bytes */10"],
      ["bytes=3-1", 200, "0123456789", null],
      ["bytes=0-1,3-4", 200, "0123456789", null],
      ["bytes=-", 200, "0123456789", null],
      ["lines=1-2", 200, "0123456789", null],
      [`bytes=${"9".repeat(100)}-`, 200, "0123456789", null],
    ];
    for (const [range, status, body, place] of parts) {
      const part = await get({ range });
      assert.deepEqual([part.status, part.body, part.headers.get("content-range")], [status, body, place], range);
    }
    const stale = await get({ range: "bytes=0-3", "if-range": '"another"' });
    assert.deepEqual([stale.status, stale.body], [200, "0123456789"]);
    const tag = (await get()).headers.get("etag") ?? "";
    assert.equal((await get({ range: "bytes=0-3", "if-range": tag })).body, "0123");
  });

  it("is refused to strangers, known or not", async () => {
    const tag = (await get()).headers.get("etag") ?? "";
    const stranger = await hub.test.inAnotherProject();
    const path = `/api/v1/artifacts/${id}/content`;
    for (const known of [tag, "*"])
      assert.equal((await stranger("GET", path, undefined, { "if-none-match": known })).status, 404);
    const worker = hub.test.as(await hub.test.keyFor("worker", [work.task.agent]));
    assert.equal((await worker("GET", path, undefined, { "if-none-match": tag })).status, 403);
  });
});
