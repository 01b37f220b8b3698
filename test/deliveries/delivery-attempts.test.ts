import assert from "node:assert/strict";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { toWireId } from "../../src/lib/ids.ts";
import { type DeliveryStage, startDeliveryStage } from "../support/delivery-stage.ts";
import { startReceiver } from "../support/receiver.ts";

type Headers = Record<string, string>;

async function nextDelaySeconds(stage: DeliveryStage, beforeMs: number): Promise<number> {
  const [delivery] = await stage.deliveries();
  return ((delivery?.next_attempt_at?.getTime() ?? Number.NaN) - beforeMs) / 1000;
}

describe("the attempts at a delivery", () => {
  it("carry one webhook-id and the same bytes, each with a fresh timestamp and signature", async () => {
    await using receiver = await startReceiver((_request, index) => ({ status: index < 2 ? 500 : 204 }));
    await using stage = await startDeliveryStage();
    const { secret } = await stage.addEndpoint(receiver.url, { retry: { scheduleSeconds: [10, 10] } });
    const [messageId] = await stage.announce({ type: "test.sent", data: { text: "héllo 🪝 $& \u0000 \ud800" } });
    stage.startPump();
    await stage.processAll();
    for (const _ of [1, 2]) {
      stage.clock.advanceBy(13);
      await stage.processAll();
    }

    assert.equal(receiver.requests.length, 3);
    const [first] = receiver.requests;
    assert.equal(first?.headers["webhook-id"], toWireId("message", messageId ?? ""));
    assert.equal(first?.headers["content-type"], "application/json");
    const [message] = await stage.ctx.db.kysely.selectFrom("messages").selectAll().execute();
    assert.deepEqual(Buffer.from(first?.body ?? ""), message?.payload);
    for (const { headers, body } of receiver.requests) {
      assert.equal(headers["webhook-id"], first?.headers["webhook-id"]);
      assert.equal(body, first?.body);
    }
    const timestamps = receiver.requests.map(({ headers }) => Number(headers["webhook-timestamp"]));
    assert.ok(timestamps.every((value, index) => index === 0 || value >= (timestamps[index - 1] ?? 0) + 13));
    assert.equal(new Set(receiver.requests.map(({ headers }) => headers["webhook-signature"])).size, 3);
    // The libraries refuse what is not from now; what came first was sent now.
    assert.deepEqual(
      new StandardWebhook(secret).verify(first?.body ?? "", first?.headers as Headers),
      JSON.parse(first?.body ?? ""),
    );
    new SvixWebhook(secret).verify(first?.body ?? "", first?.headers as Headers);
    const [delivery] = await stage.deliveries();
    assert.deepEqual([delivery?.state, delivery?.attempts, delivery?.last_status], ["succeeded", 3, 204]);
    assert.deepEqual(await stage.jobs(), []);
  });

  it("follow the schedule with its jitter, and end in a failure that keeps every attempt", async () => {
    await using receiver = await startReceiver(() => ({ status: 500, body: "no" }));
    await using stage = await startDeliveryStage({ settings: { retryScheduleSeconds: [5, 300] } });
    await stage.addEndpoint(receiver.url);
    await stage.announceMany(1);
    stage.startPump();
    for (const seconds of [5, 300]) {
      const beforeMs = stage.clock.now();
      await stage.processAll();
      const delay = await nextDelaySeconds(stage, beforeMs);
      assert.ok(delay >= seconds * 0.8 && delay <= seconds * 1.2 + 2, `${delay} s`);
      stage.clock.advanceBy(seconds * 0.7);
      await stage.processAll();
      assert.equal((await stage.deliveries())[0]?.state, "pending", "it came too soon");
      stage.clock.advanceBy(seconds * 0.6);
    }
    assert.equal(receiver.requests.length, 2);
    await stage.processAll();
    const [delivery] = await stage.deliveries();
    assert.deepEqual([delivery?.state, delivery?.last_outcome, delivery?.attempts], ["failed", "http_5xx", 3]);
    assert.equal(delivery?.next_attempt_at, null);
    const attempts = await stage.attempts();
    assert.deepEqual(
      attempts.map(({ number, status, response_body }) => [number, status, response_body?.toString()]),
      [1, 2, 3].map((number) => [number, 500, "no"]),
    );
  });

  for (const status of [429, 503]) {
    it(`wait as long as a ${status} asks for`, async () => {
      await using receiver = await startReceiver((_request, index) =>
        index === 0 ? { status, headers: { "retry-after": "120" } } : { status: 200 },
      );
      await using stage = await startDeliveryStage();
      await stage.addEndpoint(receiver.url);
      await stage.announceMany(1);
      stage.startPump();
      await stage.processAll();
      stage.clock.advanceBy(115);
      await stage.processAll();
      assert.equal(receiver.requests.length, 1);
      stage.clock.advanceBy(6);
      await stage.processAll();
      assert.equal(receiver.requests.length, 2);
      assert.equal((await stage.deliveries())[0]?.state, "succeeded");
    });
  }

  it("do not follow a redirect", async () => {
    await using elsewhere = await startReceiver();
    await using receiver = await startReceiver(() => ({ status: 302, headers: { location: elsewhere.url } }));
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url, { retry: { scheduleSeconds: [] } });
    await stage.announceMany(1);
    stage.startPump();
    await stage.processAll();
    assert.deepEqual([receiver.requests.length, elsewhere.requests.length], [1, 0]);
    const [delivery] = await stage.deliveries();
    assert.deepEqual([delivery?.state, delivery?.last_outcome, delivery?.last_status], ["failed", "http_3xx", 302]);
  });

  it("send the endpoint's own headers and hide their values in what is kept", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url, { headers: { "X-Tenant": "s3cret-tenant" } });
    await stage.announceMany(1);
    stage.startPump();
    await stage.processAll();
    assert.equal(receiver.requests[0]?.headers["x-tenant"], "s3cret-tenant");
    const [attempt] = await stage.attempts();
    assert.equal(attempt?.request_headers["X-Tenant"], "(hidden)");
    assert.equal(attempt?.request_headers["webhook-id"], receiver.requests[0]?.headers["webhook-id"]);
    assert.ok(!JSON.stringify(attempt).includes("s3cret-tenant"));
  });

  it("keep the first 16 KiB of an answer, and say when there was more", async () => {
    await using receiver = await startReceiver((_request, index) => ({
      status: 200,
      headers: { "x-answer": String(index) },
      body: "x".repeat(index === 0 ? 16_384 : 40_000),
    }));
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url, { concurrency: 1 });
    await stage.announceMany(2);
    stage.startPump();
    await stage.processAll();
    const attempts = await stage.attempts();
    assert.deepEqual(
      attempts.map((attempt) => [attempt.response_body?.length, attempt.response_truncated]),
      [
        [16_384, false],
        [16_384, true],
      ],
    );
    assert.equal(attempts[1]?.response_headers?.["x-answer"], "1");
  });
});
