import assert from "node:assert/strict";
import { getEndpointStats } from "../../src/deliveries/get-endpoint-stats.ts";
import { enableEndpoint } from "../../src/endpoints/enable-endpoint.ts";
import { createSubscriber } from "../../src/endpoints/create-subscriber.ts";
import { toWireId } from "../../src/lib/ids.ts";
import { type DeliveryStage, startDeliveryStage } from "../support/delivery-stage.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { uuidOf } from "../support/test-pipeline.ts";

const settings = { failingAfterAttempts: 3, disableAfterHours: 120, retryScheduleSeconds: [3600] };

describe("the health of an endpoint", () => {
  let stage: DeliveryStage;
  let receiver: Receiver;
  let witness: Receiver;
  let status: number;
  let id: string;
  beforeEach(async () => {
    status = 500;
    receiver = await startReceiver(() => ({ status }));
    witness = await startReceiver();
    stage = await startDeliveryStage({ settings });
    ({ id } = await stage.addEndpoint(receiver.url, { eventTypes: ["test.sent"] }));
    await stage.addEndpoint(witness.url, { eventTypes: ["endpoint.*", "message.*"] });
    stage.startPump();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    await witness[Symbol.asyncDispose]();
  });

  const news = (): { type: string; data: { endpoint: Record<string, unknown> } }[] =>
    witness.requests.map(({ body }) => JSON.parse(body));
  const send = async (count: number): Promise<void> => {
    await stage.announceMany(count);
    await stage.processAll();
  };

  it("is told once when it fails, and once when it recovers", async () => {
    await send(2);
    assert.deepEqual(news(), []);
    await send(1);
    await send(3);
    assert.deepEqual(
      news().map(({ type }) => type),
      ["endpoint.failing"],
    );
    const [failing] = news();
    const wireId = toWireId("endpoint", id);
    assert.deepEqual(
      [failing?.data.endpoint["id"], failing?.data.endpoint["url"], failing?.data.endpoint["failures"]],
      [wireId, receiver.url, 3],
    );
    const failed = await getEndpointStats(stage.ctx, id, 24);
    assert.deepEqual([failed.health, failed.failures, failed.lastError?.status], ["failing", 6, 500]);
    status = 200;
    await send(1);
    assert.deepEqual(
      news().map(({ type }) => type),
      ["endpoint.failing", "endpoint.recovered"],
    );
    assert.equal(news()[1]?.data.endpoint["failingSince"], failing?.data.endpoint["failingSince"]);
    const healthy = await getEndpointStats(stage.ctx, id, 24);
    assert.deepEqual([healthy.health, healthy.failingSince, healthy.failures], ["healthy", undefined, undefined]);
    await send(1);
    assert.equal(news().length, 2);
  });

  it("ends with the endpoint disabled when it has done nothing but fail for days", async () => {
    await send(3);
    stage.clock.advanceBy(119 * 3600);
    await send(1);
    assert.ok(!news().some(({ type }) => type === "endpoint.disabled"));
    stage.clock.advanceBy(3600);
    await send(1);
    const [, disabled] = news().filter(({ type }) => type !== "message.failed");
    assert.deepEqual([disabled?.type, disabled?.data.endpoint["reason"]], ["endpoint.disabled", "failing"]);
    assert.equal((await getEndpointStats(stage.ctx, id, 24)).health, "disabled");
    const before = receiver.requests.length;
    await send(1);
    assert.equal(receiver.requests.length, before, "what comes is held");
    await enableEndpoint(stage.ctx, id, {});
    assert.equal((await getEndpointStats(stage.ctx, id, 24)).health, "healthy", "and begins anew when it is enabled");
  });

  it("is not that of one that failed once, long ago, and once more", async () => {
    const rare = await stage.addEndpoint(receiver.url, { eventTypes: ["rare"], retry: { scheduleSeconds: [] } });
    for (let count = 0; count < 2; count += 1) {
      await stage.announce({ type: "rare" });
      await stage.processAll();
      stage.clock.advanceBy(200 * 3600);
    }
    assert.equal((await getEndpointStats(stage.ctx, rare.id, 24)).health, "healthy");
  });

  it("is the business of its own subscriber and of the project's, and of nobody else", async () => {
    await using own = await startReceiver();
    await using stranger = await startReceiver();
    const subscriber = async () => uuidOf("subscriber", (await createSubscriber(stage.ctx, { name: "One" })).id);
    const subscriberId = await subscriber();
    await stage.addEndpoint(own.url, { subscriberId, eventTypes: ["endpoint.*"] });
    await stage.addEndpoint(stranger.url, { subscriberId: await subscriber() });
    await stage.addEndpoint(receiver.url, { subscriberId, eventTypes: ["its.own"] });
    for (let count = 0; count < 3; count += 1) await stage.announce({ type: "its.own", subscriberId });
    await stage.processAll();
    assert.deepEqual(
      [own, witness, stranger].map(({ requests }) => requests.length),
      [1, 1, 0],
    );
  });

  it("says of a message that it has failed, and nothing of that news itself", async () => {
    status = 410;
    await using broken = await startReceiver(() => ({ status: 410 }));
    await stage.addEndpoint(broken.url, { eventTypes: ["message.failed"] });
    const [messageId = ""] = await stage.announce({});
    await stage.processAll();
    const failed = news().filter(({ type }) => type === "message.failed");
    assert.equal(failed.length, 1);
    const { message, delivery, endpoint } = (failed[0]?.data ?? {}) as Record<string, Record<string, unknown>>;
    assert.deepEqual(message, { id: toWireId("message", messageId), type: "test.sent" });
    assert.deepEqual([delivery?.["attempts"], delivery?.["lastStatus"], endpoint?.["url"]], [1, 410, receiver.url]);
    assert.equal(broken.requests.length, 1);
  });

  it("comes with numbers: rate of success, latency, outcomes, what waits and when it is tried again", async () => {
    await send(1);
    status = 200;
    await send(3);
    const stats = await getEndpointStats(stage.ctx, id, 1);
    assert.deepEqual(
      [stats.attempts, stats.succeeded, stats.failed, stats.successRate, stats.pending, stats.held],
      [4, 3, 1, 0.75, 1, 0],
    );
    assert.deepEqual(stats.outcomes, { http_5xx: 1, succeeded: 3 });
    assert.ok((stats.latencyMs?.p50 ?? -1) >= 0 && (stats.latencyMs?.p95 ?? 0) >= (stats.latencyMs?.p50 ?? 0));
    const [waiting] = (await stage.deliveries(id)).filter(({ state }) => state === "pending");
    assert.equal(stats.nextRetryAt, waiting?.next_attempt_at?.toISOString());
    assert.equal(stats.lastError?.deliveryId, toWireId("delivery", waiting?.id ?? ""));
    assert.deepEqual(stats.breaker, { state: "closed" });
    const other = await stage.inAnotherProject();
    await assert.rejects(getEndpointStats(other, id, 1), { status: 404 });
  });
});
