import assert from "node:assert/strict";
import { startDeliveryStage } from "../support/delivery-stage.ts";
import { startGatedReceiver } from "../support/gated-receiver.ts";
import { startReceiver } from "../support/receiver.ts";
import { startTestHub } from "../support/test-hub.ts";

describe("a pump that stops", () => {
  it("finishes what is under way, gives back what waits, and loses nothing", async () => {
    await using receiver = await startGatedReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url, { concurrency: 2 });
    await stage.announceMany(30);
    const pump = stage.startDoomedPump(stage.attemptCommit());
    await receiver.untilHeld(2);
    const stopped = pump.stop();
    receiver.release();
    receiver.release();
    await stopped;

    assert.equal(receiver.requests.length, 2);
    const states = (await stage.deliveries()).map(({ state }) => state);
    assert.equal(states.filter((state) => state === "succeeded").length, 2);
    assert.ok(
      (await stage.jobs()).every(({ state }) => state !== "active"),
      "it left claims behind",
    );
    assert.equal(pump.underWay, 0);

    receiver.open();
    stage.startPump();
    await stage.processAll();
    assert.equal(receiver.requests.length, 30);
    assert.equal(new Set(receiver.requests.map((headers) => headers["webhook-id"])).size, 30);
    assert.ok((await stage.deliveries()).every(({ state, attempts }) => state === "succeeded" && attempts === 1));
    assert.deepEqual(await stage.jobs(), []);
  });

  it("begins nothing more, whoever wakes it", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url);
    const pump = stage.startPump();
    await pump.stop();
    await stage.announceMany(1);
    pump.wake();
    await pump.drain();
    assert.equal(receiver.requests.length, 0);
    assert.deepEqual(
      (await stage.jobs()).map(({ state }) => state),
      ["created"],
    );
  });
});

describe("a hub that stops", () => {
  it("breaks off at its deadline what a receiver does not answer, uncharged, and the next one sends it", async () => {
    await using receiver = await startGatedReceiver();
    await using test = await startTestHub({ settings: { shutdown: { deadlineSeconds: 0.3 } } });
    await test.call("POST", "/api/v1/endpoints", { url: receiver.url, concurrency: 1 });
    for (const type of ["first", "second"]) await test.call("POST", "/api/v1/messages", { type, data: {} });
    await receiver.untilHeld(1);
    const webhookId = receiver.requests[0]?.["webhook-id"];
    await test.hub.stop();

    const next = await test.startAnother("worker");
    const { kysely } = next.services.db;
    const attempts = await kysely.selectFrom("attempts").selectAll().execute();
    assert.deepEqual(
      attempts.map(({ outcome, status }) => [outcome, status]),
      [["aborted", null]],
    );
    receiver.open();
    await next.processAll();
    const deliveries = await kysely.selectFrom("deliveries").selectAll().orderBy("id").execute();
    const summary = deliveries.map((delivery) => [delivery.state, delivery.attempts, delivery.retries_spent]);
    assert.deepEqual(summary, [
      ["succeeded", 2, 0],
      ["succeeded", 1, 0],
    ]);
    assert.equal(receiver.requests.filter((headers) => headers["webhook-id"] === webhookId).length, 2);
    assert.equal(receiver.requests.length, 3);
  });
});

describe("two hubs on one database", () => {
  it("attempt each delivery once", async () => {
    await using receiver = await startReceiver();
    await using test = await startTestHub({ settings: { deliveries: { slots: 8, endpointConcurrency: 2 } } });
    const other = await test.startAnother();
    for (const path of ["/a", "/b", "/c"])
      await test.call("POST", "/api/v1/endpoints", { url: new URL(path, receiver.url).href });
    const publish = async (index: number): Promise<void> => {
      const answer = await test.call("POST", "/api/v1/messages", { type: "test.sent", data: { index } });
      assert.equal(answer.status, 202);
    };
    await Promise.all(Array.from({ length: 60 }, (_, index) => publish(index)));
    await Promise.all([test.hub.processAll(), other.processAll()]);
    await receiver.until(180);
    await Promise.all([test.hub.processAll(), other.processAll()]);

    assert.equal(receiver.requests.length, 180);
    const rows = await test.hub.services.db.kysely.selectFrom("deliveries").selectAll().execute();
    assert.equal(rows.length, 180);
    assert.ok(rows.every(({ state, attempts }) => state === "succeeded" && attempts === 1));
  });
});
