import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { systemActor } from "../../src/access/system-actor.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { listRejections } from "../../src/sources/list-rejections.ts";
import { keptRejections, RejectionLog } from "../../src/sources/rejection-log.ts";
import { createSourceCache, type SourceRecord } from "../../src/sources/source-cache.ts";
import { tablesWith } from "../support/database-contents.ts";
import { readPages } from "../support/read-pages.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { type Header, request } from "./raw-http.ts";
import { github, newDeliveryId, openSource, type SenderSource, slack, storedOf } from "./senders.ts";

function uuidOf({ id }: SenderSource): string {
  return fromWireId("source", id) as string;
}

describe("the rejections of a source", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  async function rejectionsOf({ id }: Pick<SenderSource, "id">) {
    await test.hub.processAll();
    const { status, body } = await test.call("GET", `/api/v1/sources/${id}/rejections`);
    assert.equal(status, 200);
    return body.data;
  }

  it("tell why, from where and what came, and nothing that proves anything", async () => {
    const source = await openSource(test, github);
    const id = newDeliveryId();
    const { headers, body } = source.sign({ id, secret: github.otherSecret });
    const marked: Header[] = [...headers, ["X-Mark", "a-value-to-look-for"]];
    assert.equal((await request("POST", source.url, marked, body)).status, 401);
    const [rejection, ...more] = await rejectionsOf(source);
    assert.deepEqual(more, []);
    assert.deepEqual(
      { ...rejection, id: "", at: "", headerNames: [] },
      {
        id: "",
        at: "",
        reason: "signature_mismatch",
        status: 401,
        method: "POST",
        address: "127.0.0.1",
        headerNames: [],
        bodySize: body.length,
        bodySha256: createHash("sha256").update(body).digest("hex"),
      },
    );
    assert.ok(Math.abs(Date.parse(rejection.at) - test.clock.now()) < 60_000);
    for (const [name] of marked) assert.ok(rejection.headerNames.includes(name.toLowerCase()), name);
    const { db } = test.hub.services;
    for (const [, value] of marked.filter(([name]) => /signature|mark/i.test(name)))
      assert.deepEqual(await tablesWith({ db }, value), []);
    assert.deepEqual(await tablesWith({ db }, `Issue ${id}`), []);
  });

  it("are of everything that the sender has to change, newest first", async () => {
    const source = await openSource(test, slack, { bodyLimitBytes: 200 });
    const tried = [
      [{ alter: () => [["Content-Type", "application/json"]] as const }, 401],
      [{ timestamp: String(Math.floor(test.clock.now() / 1000) - 400) }, 401],
      [{ body: "no JSON" }, 400],
      [{ body: JSON.stringify({ type: "url_verification", challenge: 1.5 }) }, 400],
      [{ body: "x".repeat(201) }, 413],
      [{ contentType: "application/json; charset=utf-16" }, 415],
    ] as const;
    for (const [delivery, status] of tried) assert.equal((await source.send(delivery)).status, status);
    storedOf(await source.send());
    const rejections = await rejectionsOf(source);
    assert.deepEqual(
      rejections.map(({ reason, status }: { reason: string; status: number }) => [reason, status]),
      [
        ["unsupported_media_type", 415],
        ["payload_too_large", 413],
        ["bad_handshake", 400],
        ["not_json", 400],
        ["stale_timestamp", 401],
        ["missing_signature", 401],
      ],
    );
    assert.equal("bodySha256" in rejections[1], false, "a body that was not read to its end");
  });

  it("are counted by provider and reason", async () => {
    const count = async (): Promise<number> => {
      const { body } = await test.call("GET", "/metrics");
      const line = 'hookyard_inbound_rejected_total{provider="github",reason="signature_mismatch"} ';
      return Number(body.split(line)[1]?.split("\n")[0] ?? 0);
    };
    const source = await openSource(test, github);
    const before = await count();
    await source.send({ secret: github.otherSecret });
    await source.send();
    assert.equal((await count()) - before, 1);
  });

  it("are the newest of each source, and are listed page by page", async () => {
    const source = await openSource(test, github);
    const quiet = await openSource(test, github);
    await quiet.send({ secret: github.otherSecret });
    for (let round = 0; round < 4; round += 1) {
      for (let count = 0; count < 30; count += 1) await source.send({ secret: github.otherSecret });
      await test.hub.processAll();
    }
    const ctx = { ...test.hub.services, actor: systemActor(fromWireId("project", test.projectId) ?? "") };
    const list = await readPages("rejection", 40, (page) => listRejections(ctx, uuidOf(source), page));
    const ids = list.map(({ id }) => id);
    assert.equal(ids.length, keptRejections);
    assert.deepEqual(ids, [...new Set(ids)].toSorted().toReversed());
    assert.equal((await rejectionsOf(quiet)).length, 1);
  });

  it("are bounded while they wait, for each source and in all, and what there is no room for is counted", async () => {
    const { services } = test.hub;
    const record = async (source: SenderSource): Promise<SourceRecord> => {
      const found = await createSourceCache(services).get(services.db, uuidOf(source));
      assert.ok(found);
      return found;
    };
    const log = new RejectionLog(services);
    const dropped = async () => (await services.metrics.rejectionsDropped.get()).values[0]?.value ?? 0;
    const before = await dropped();
    const source = await openSource(test, github);
    const refused = {
      source: await record(source),
      reason: "signature_mismatch",
      status: 401,
      method: "POST",
      address: undefined,
      rawHeaders: Array.from({ length: 400 }, (_, index) => `X-${index}-${"x".repeat(200)}`),
      rawBody: Buffer.from("body"),
    };
    for (let count = 0; count < 60; count += 1) log.record(refused);
    assert.equal((await dropped()) - before, 10);
    const other = await openSource(test, github);
    log.record({ ...refused, source: await record(other) });
    await log.flush();
    const [kept] = await rejectionsOf(other);
    assert.equal(kept.headerNames.length, 100);
    assert.ok(kept.headerNames.every((name: string) => name.length <= 100));
    assert.equal((await rejectionsOf(source)).length, 50);
  });

  it("go with their source, and are no other project's", async () => {
    const source = await openSource(test, github);
    await source.send({ secret: github.otherSecret });
    assert.equal((await rejectionsOf(source)).length, 1);
    const stranger = await test.inAnotherProject();
    const path = `/api/v1/sources/${source.id}/rejections`;
    assert.equal((await stranger("GET", path)).status, 404);
    assert.equal((await test.as(await test.keyFor("worker", ["a"]))("GET", path)).status, 403);
    assert.equal((await test.as(await test.keyFor("viewer"))("GET", path)).status, 200);
    await test.call("DELETE", `/api/v1/sources/${source.id}`);
    assert.equal((await test.call("GET", path)).status, 404);
    const rows = await test.hub.services.db.query({ text: "SELECT id FROM source_rejections WHERE source_id = $1" }, [
      uuidOf(source),
    ]);
    assert.deepEqual(rows, []);
  });
});
