import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { getEventBody } from "../../src/events/get-event-body.ts";
import { getEvent } from "../../src/events/get-event.ts";
import { listEvents } from "../../src/events/list-events.ts";
import { firstIdAt } from "../../src/lib/ids.ts";
import { deleteSource } from "../../src/sources/delete-source.ts";
import { readPages } from "../support/read-pages.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, type TestPipeline, uuidOf } from "../support/test-pipeline.ts";

describe("Stored events", () => {
  let test: TestContext;
  let pipeline: TestPipeline;
  before(async () => {
    test = await createTestContext();
    pipeline = await createTestPipeline(test);
  });
  after(() => test[Symbol.asyncDispose]());

  const idsOf = (events: readonly { readonly id: string }[]) => events.map((event) => event.id);
  const list = async (ctx: Context, filter: Parameters<typeof listEvents>[1]) =>
    idsOf((await listEvents(ctx, filter, { limit: 200 })).data);

  it("show all but their body, which is read byte for byte", async () => {
    const ctx = await test.inAnotherProject();
    const sourceId = await pipeline.source(ctx);
    const rawBody = Buffer.from([0x7b, 0x22, 0x00, 0xff, 0x22, 0x7d]);
    const id = await pipeline.accept(sourceId, { rawBody, contentType: "text/html", deliveryId: "d-1" });
    const { tasks, decisions, replays, ...event } = await getEvent(ctx, uuidOf("event", id));
    assert.deepEqual(event, {
      id,
      type: "push",
      provider: "github",
      sourceId,
      deliveryId: "d-1",
      receivedAt: new Date(ctx.clock.now()).toISOString(),
      headers: { "x-github-event": "push" },
      contentType: "text/html",
      bodySize: 6,
      bodyUrl: `https://hub.example/api/v1/events/${id}/body`,
      conflict: false,
    });
    assert.deepEqual([tasks, decisions, replays], [[], [], []]);
    assert.deepEqual((await listEvents(ctx, {}, { limit: 5 })).data, [event]);
    const body = await getEventBody(ctx, uuidOf("event", id));
    assert.deepEqual(body, { bytes: rawBody, contentType: "text/html" });
  });

  it("have no content type where the sender gave none, and flag a conflict", async () => {
    const ctx = await test.inAnotherProject();
    const sourceId = await pipeline.source(ctx);
    const id = await pipeline.accept(sourceId, { contentType: undefined, deliveryId: "same" });
    assert.equal(await pipeline.accept(sourceId, { rawBody: Buffer.from("other"), deliveryId: "same" }), id);
    const event = await getEvent(ctx, uuidOf("event", id));
    assert.ok(!("contentType" in event));
    assert.equal(event.conflict, true);
    assert.equal((await getEventBody(ctx, uuidOf("event", id))).contentType, undefined);
  });

  it("name the tasks that they caused", async () => {
    const ctx = await test.inAnotherProject();
    const sourceId = await pipeline.source(ctx);
    await pipeline.agentWithRoute(ctx, "one");
    await pipeline.agentWithRoute(ctx, "two");
    const id = await pipeline.accept(sourceId);
    const { tasks } = await getEvent(ctx, uuidOf("event", id));
    assert.deepEqual(tasks.map(({ agent, state }) => `${agent} ${state}`).toSorted(), [
      "one submitted",
      "two submitted",
    ]);
  });

  it("are listed by source and type, newest first, and by pages without a gap or a repeat", async () => {
    const ctx = await test.inAnotherProject();
    const [one, two] = [await pipeline.source(ctx), await pipeline.source(ctx)];
    const all: string[] = [];
    for (let index = 0; index < 7; index += 1)
      all.unshift(
        await pipeline.accept(index % 2 === 0 ? one : two, { eventType: index < 3 ? "push" : "issues.opened" }),
      );
    assert.deepEqual(await list(ctx, {}), all);
    assert.deepEqual(
      await list(ctx, { sourceId: uuidOf("source", one) }),
      all.filter((_id, index) => index % 2 === 0),
    );
    assert.deepEqual(await list(ctx, { type: "push" }), all.slice(4));
    assert.deepEqual(await list(ctx, { type: "push", sourceId: uuidOf("source", two) }), [all[5]]);
    assert.deepEqual(await list(ctx, { type: "PUSH" }), []);
    for (const limit of [1, 2, 6, 7, 8])
      assert.deepEqual(idsOf(await readPages("event", limit, (page) => listEvents(ctx, {}, page))), all);
    const bySource = await readPages("event", 2, (page) => listEvents(ctx, { sourceId: uuidOf("source", one) }, page));
    assert.equal(bySource.length, 4);
  });

  it("are listed by time: from `after` on, and before `before`", async () => {
    const ctx = await test.inAnotherProject();
    const sourceId = await pipeline.source(ctx);
    const times: Date[] = [];
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      test.clock.advanceBy(86_400);
      times.push(new Date(ctx.clock.now()));
      ids.unshift(await pipeline.accept(sourceId));
    }
    const [first, second, third] = times as [Date, Date, Date];
    assert.deepEqual(await list(ctx, { after: second }), ids.slice(0, 2));
    assert.deepEqual(await list(ctx, { before: second }), ids.slice(2));
    assert.deepEqual(await list(ctx, { after: second, before: third }), [ids[1]]);
    assert.deepEqual(await list(ctx, { after: third, before: first }), []);
    assert.deepEqual(await list(ctx, { after: new Date("0000-01-01T00:00:00Z") }), ids);
    assert.deepEqual(await list(ctx, { before: new Date("9999-12-31T23:59:59Z") }), ids);
  });

  it("of a day are read from the partition of that day alone", async () => {
    const after = firstIdAt(Date.UTC(2030, 0, 1));
    const before = firstIdAt(Date.UTC(2030, 0, 2));
    await test.db.query(
      { text: `CREATE TABLE events_20300101 PARTITION OF events FOR VALUES FROM ('${after}') TO ('${before}')` },
      [],
    );
    const plan = await test.db.query<{ "QUERY PLAN": string }>(
      {
        text: `EXPLAIN SELECT id FROM events WHERE project_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC NULLS LAST LIMIT 5`,
      },
      [test.actor.projectId, after, before],
    );
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
    assert.match(text, /events_20300101/);
    assert.doesNotMatch(text, /events_default/);
  });

  it("outlive their source, and are not seen from another project", async () => {
    const ctx = await test.inAnotherProject();
    const other = await test.inAnotherProject();
    const sourceId = uuidOf("source", await pipeline.source(ctx));
    const id = await pipeline.accept(await pipeline.source(ctx));
    const kept = (await getEvent(ctx, uuidOf("event", id))).sourceId;
    await deleteSource(ctx, uuidOf("source", kept));
    assert.deepEqual(await list(ctx, { sourceId: uuidOf("source", kept) }), [id]);
    assert.deepEqual(await list(ctx, { sourceId }), []);
    assert.deepEqual(await list(other, { sourceId: uuidOf("source", kept) }), []);
    assert.deepEqual(await list(other, {}), []);
    await assert.rejects(getEvent(other, uuidOf("event", id)), { status: 404 });
    await assert.rejects(getEventBody(other, uuidOf("event", id)), { status: 404 });
    await assert.rejects(getEvent(ctx, ctx.newId()), { status: 404 });
  });

  it("are read by every role but worker", async () => {
    assert.deepEqual(await list(test.as("viewer"), {}), []);
    await assert.rejects(list(test.as("worker"), {}), { status: 403 });
    await assert.rejects(getEvent(test.as("worker"), test.newId()), { status: 403 });
    await assert.rejects(getEventBody(test.as("worker"), test.newId()), { status: 403 });
  });
});
