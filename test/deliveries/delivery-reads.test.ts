import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { cancelDelivery } from "../../src/deliveries/cancel-delivery.ts";
import { getDelivery } from "../../src/deliveries/get-delivery.ts";
import { listAttempts } from "../../src/deliveries/list-attempts.ts";
import { listDeliveries } from "../../src/deliveries/list-deliveries.ts";
import { retryDelivery } from "../../src/deliveries/retry-delivery.ts";
import type { DeliveryFilter } from "../../src/deliveries/delivery-search-store.ts";
import { createEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { deleteEndpoint } from "../../src/endpoints/delete-endpoint.ts";
import { publishMessage } from "../../src/messages/publish-message.ts";
import { readPages } from "../support/read-pages.ts";
import { startReceiver } from "../support/receiver.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, type TestPipeline, uuidOf } from "../support/test-pipeline.ts";

describe("Deliveries", () => {
  let test: TestContext;
  let pipeline: TestPipeline;
  before(async () => {
    test = await createTestContext();
    pipeline = await createTestPipeline(test);
  });
  after(() => test[Symbol.asyncDispose]());

  const url = "http://127.0.0.1:9/hook";
  const list = async (ctx: Context, filter: DeliveryFilter) =>
    (await listDeliveries(ctx, filter, { limit: 200 })).data.map((delivery) => delivery.id);

  it("show where they stand, and each attempt what was sent and what came back", async () => {
    const answers = [
      { status: 500, headers: { "x-mark": "1", "content-type": "text/html" }, body: `<p>\u00e9${"x".repeat(20_000)}` },
      { status: 200, body: "ok" },
    ];
    await using receiver = await startReceiver((_request, index) => answers[index] ?? { status: 200 });
    const ctx = await test.inAnotherProject();
    const endpoint = await createEndpoint(ctx, { url: receiver.url, headers: { "x-token": "theirs" } });
    const message = await publishMessage(ctx, { type: "x", data: {} });
    const [id = ""] = await list(ctx, {});
    const now = new Date(ctx.clock.now()).toISOString();
    const before = { id, messageId: message.id, endpointId: endpoint.id, createdAt: now };
    assert.deepEqual(await getDelivery(ctx, uuidOf("delivery", id)), { ...before, state: "pending", attemptCount: 0 });

    await pipeline.deliver();
    const failing = await getDelivery(ctx, uuidOf("delivery", id));
    const { nextAttemptAt, ...rest } = failing;
    assert.deepEqual(rest, { ...before, state: "pending", attemptCount: 1, lastOutcome: "http_5xx", lastStatus: 500 });
    assert.ok(Date.parse(nextAttemptAt ?? "") > Date.parse(now));

    await retryDelivery(ctx, uuidOf("delivery", id));
    await pipeline.deliver();
    assert.deepEqual(await getDelivery(ctx, uuidOf("delivery", id)), {
      ...before,
      state: "succeeded",
      attemptCount: 2,
      lastOutcome: "succeeded",
      lastStatus: 200,
      settledAt: now,
    });

    const [second, first] = (await listAttempts(ctx, uuidOf("delivery", id), { limit: 5 })).data;
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual([first.number, first.outcome, first.status], [1, "http_5xx", 500]);
    assert.deepEqual([second.number, second.outcome, second.status, second.responseBody], [2, "succeeded", 200, "ok"]);
    assert.deepEqual([first.responseTruncated, second.responseTruncated], [true, false]);
    assert.equal(first.deliveryId, id);
    assert.equal(first.startedAt, now);
    assert.equal(first.requestHeaders["webhook-id"], message.id);
    assert.equal(first.requestHeaders["x-token"], "(hidden)");
    assert.equal(first.responseHeaders?.["x-mark"], "1");
    assert.ok(first.responseBody?.startsWith("<p>\u00e9xxx"));
    assert.ok(Buffer.byteLength(first.responseBody ?? "") <= ctx.settings.deliveries.responseLimitBytes);
    assert.equal(second.requestHeaders["webhook-id"], message.id);

    const pages = await readPages("attempt", 1, (page) => listAttempts(ctx, uuidOf("delivery", id), page));
    assert.deepEqual(pages, [second, first]);
  });

  it("tell why no answer came, and show bytes that are no text", async () => {
    await using receiver = await startReceiver();
    const ctx = await test.inAnotherProject();
    await createEndpoint(ctx, { url: receiver.url });
    await publishMessage(ctx, { type: "x", data: {} });
    await receiver[Symbol.asyncDispose]();
    await pipeline.deliver();
    const [id = ""] = await list(ctx, {});
    const [attempt] = (await listAttempts(ctx, uuidOf("delivery", id), { limit: 1 })).data;
    assert.ok(attempt !== undefined);
    assert.ok(!("status" in attempt) && !("responseBody" in attempt) && !("responseHeaders" in attempt));
    assert.notEqual(attempt.outcome, "succeeded");
    assert.match(attempt.error ?? "", /\w/);

    await ctx.db.kysely
      .updateTable("attempts")
      .set({ response_body: Buffer.from([0x61, 0xff, 0]) })
      .execute();
    const [shown] = (await listAttempts(ctx, uuidOf("delivery", id), { limit: 1 })).data;
    assert.equal(shown?.responseBody, "a\ufffd\u0000");
  });

  it("are listed by state, endpoint and message, together too, and by pages without a gap or a repeat", async () => {
    const ctx = await test.inAnotherProject();
    const one = await createEndpoint(ctx, { url });
    const two = await createEndpoint(ctx, { url, eventTypes: ["both"] });
    const messages: string[] = [];
    for (const type of ["both", "alone", "both", "both"])
      messages.push((await publishMessage(ctx, { type, data: {} })).id);
    const all = await list(ctx, {});
    assert.equal(all.length, 7);
    const canceled = [all[0], all[3], all[4]] as string[];
    for (const id of canceled) await cancelDelivery(ctx, uuidOf("delivery", id));
    const views = (await listDeliveries(ctx, {}, { limit: 200 })).data;
    const where = (matches: (delivery: (typeof views)[number]) => boolean) =>
      views.filter(matches).map((delivery) => delivery.id);
    const endpointId = uuidOf("endpoint", two.id);
    const messageId = uuidOf("message", messages[2] ?? "");
    const expected: readonly (readonly [DeliveryFilter, readonly string[]])[] = [
      [{}, all],
      [{ state: "canceled" }, canceled],
      [{ state: "pending" }, all.filter((id) => !canceled.includes(id))],
      [{ state: "failed" }, []],
      [{ endpointId: uuidOf("endpoint", one.id) }, where((delivery) => delivery.endpointId === one.id)],
      [{ endpointId }, where((delivery) => delivery.endpointId === two.id)],
      [{ endpointId, state: "canceled" }, where(({ id, endpointId: to }) => to === two.id && canceled.includes(id))],
      [{ messageId }, where((delivery) => delivery.messageId === messages[2])],
      [{ messageId, endpointId }, where(({ messageId: of, endpointId: to }) => of === messages[2] && to === two.id)],
      [{ messageId, state: "canceled" }, where(({ id, messageId: of }) => of === messages[2] && canceled.includes(id))],
      [{ messageId: ctx.newId() }, []],
      [{ endpointId: ctx.newId() }, []],
    ];
    for (const [filter, ids] of expected)
      for (const limit of [1, 2, 3, 200]) {
        const pages = await readPages("delivery", limit, (page) => listDeliveries(ctx, filter, page));
        assert.deepEqual(
          pages.map((delivery) => delivery.id),
          ids,
          `${JSON.stringify(filter)} by ${limit}`,
        );
      }
  });

  it("outlive their endpoint, and are not seen from another project", async () => {
    const ctx = await test.inAnotherProject();
    const other = await test.inAnotherProject();
    const endpoint = await createEndpoint(ctx, { url });
    const message = await publishMessage(ctx, { type: "x", data: {} });
    const endpointId = uuidOf("endpoint", endpoint.id);
    await deleteEndpoint(ctx, endpointId);
    const [id = ""] = await list(ctx, { endpointId });
    assert.equal((await getDelivery(ctx, uuidOf("delivery", id))).state, "canceled");
    const messageId = uuidOf("message", message.id);
    for (const filter of [{}, { endpointId }, { messageId }, { endpointId, messageId }, { state: "canceled" }])
      assert.deepEqual(await list(other, filter), []);
    await assert.rejects(getDelivery(other, uuidOf("delivery", id)), { status: 404 });
    await assert.rejects(listAttempts(other, uuidOf("delivery", id), { limit: 5 }), { status: 404 });
    await assert.rejects(list(test.as("worker"), {}), { status: 403 });
    await assert.rejects(getDelivery(test.as("worker"), uuidOf("delivery", id)), { status: 403 });
    await assert.rejects(listAttempts(test.as("worker"), uuidOf("delivery", id), { limit: 5 }), { status: 403 });
  });
});
