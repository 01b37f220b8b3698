import assert from "node:assert/strict";
import { cancelDelivery } from "../../src/deliveries/cancel-delivery.ts";
import { deleteEndpoint } from "../../src/endpoints/delete-endpoint.ts";
import { enableEndpoint } from "../../src/endpoints/enable-endpoint.ts";
import { runBulkOperations } from "../../src/deliveries/run-bulk-operations.ts";
import { updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { toWireId } from "../../src/lib/ids.ts";
import { startDeliveryStage } from "../support/delivery-stage.ts";
import { startGatedReceiver } from "../support/gated-receiver.ts";
import { startReceiver } from "../support/receiver.ts";

describe("an endpoint that answers 410", () => {
  it("is disabled, which the others are told, and gets nothing more", async () => {
    await using gone = await startReceiver(() => ({ status: 410 }));
    await using witness = await startReceiver();
    await using stage = await startDeliveryStage();
    const { id } = await stage.addEndpoint(gone.url, { concurrency: 1 });
    await stage.addEndpoint(witness.url, { eventTypes: ["endpoint.disabled"] });
    await stage.announceMany(40);
    stage.startPump();
    await stage.processAll();

    assert.equal(gone.requests.length, 1);
    const endpoint = await stage.ctx.db.kysely
      .selectFrom("endpoints")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    assert.deepEqual([endpoint?.disabled, endpoint?.disabled_reason], [true, "gone"]);
    const [first, ...others] = (await stage.deliveries(id)).toSorted((a, b) => b.attempts - a.attempts);
    assert.deepEqual([first?.state, first?.last_outcome, first?.attempts], ["failed", "http_4xx", 1]);
    assert.equal(others.length, 39);
    for (const { state, held, attempts } of others) assert.deepEqual([state, held, attempts], ["pending", true, 0]);
    assert.deepEqual(await stage.jobs(), []);

    const [news] = witness.requests;
    const { type, data } = JSON.parse(news?.body ?? "{}");
    assert.equal(witness.requests.length, 1);
    assert.equal(type, "endpoint.disabled");
    assert.deepEqual(data, { endpoint: { id: toWireId("endpoint", id), url: gone.url, reason: "gone" } });
  });

  it("is announced once, however many of its deliveries are answered so", async () => {
    await using gone = await startReceiver(() => ({ status: 410 }));
    await using witness = await startReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(gone.url, { eventTypes: ["test.sent"] });
    await stage.addEndpoint(witness.url, { eventTypes: ["endpoint.disabled"] });
    await stage.announceMany(8);
    stage.startPump();
    await stage.processAll();
    assert.equal(witness.requests.length, 1);
  });
});

describe("what an endpoint still has to receive", () => {
  it("is held when it is met and the endpoint is disabled, the retries too, and sent when that is enabled and it is asked for", async () => {
    await using receiver = await startReceiver(() => ({ status: 500 }));
    await using stage = await startDeliveryStage();
    const { id } = await stage.addEndpoint(receiver.url);
    await stage.announceMany(1);
    const pump = stage.startPump();
    await stage.processAll();
    await updateEndpoint(stage.ctx, id, { disabled: true });
    await stage.announceMany(1);
    stage.clock.advanceBy(7);
    await stage.processAll();
    assert.equal(receiver.requests.length, 1);
    const held = (await stage.deliveries()).map((delivery) => [delivery.state, delivery.held, delivery.last_outcome]);
    assert.deepEqual(held, [
      ["pending", true, "http_5xx"],
      ["pending", true, null],
    ]);
    assert.deepEqual([await stage.jobs(), pump.underWay], [[], 0]);
    await enableEndpoint(stage.ctx, id, { deliverPending: true });
    assert.equal(await runBulkOperations(stage.ctx), 1);
    await stage.processAll();
    assert.equal(receiver.requests.length, 3);
    assert.deepEqual(
      (await stage.deliveries()).map((delivery) => delivery.held),
      [false, false],
    );
  });

  it("stays canceled when it is canceled during its attempt, which is on record", async () => {
    for (const status of [200, 500]) {
      await using receiver = await startGatedReceiver();
      await using stage = await startDeliveryStage();
      await stage.addEndpoint(receiver.url);
      await stage.announceMany(1);
      stage.startPump();
      await receiver.untilHeld(1);
      const [pending] = await stage.deliveries();
      await cancelDelivery(stage.ctx, pending?.id ?? "");
      receiver.release(status);
      await stage.processAll();
      stage.clock.advanceBy(7);
      await stage.processAll();
      const [delivery] = await stage.deliveries();
      assert.deepEqual([delivery?.state, delivery?.attempts, delivery?.next_attempt_at], ["canceled", 1, null]);
      assert.equal(receiver.requests.length, 1);
      assert.deepEqual(
        (await stage.attempts()).map((attempt) => attempt.status),
        [status],
      );
      assert.deepEqual(await stage.jobs(), []);
    }
  });

  it("is dropped from the queue when the endpoint is deleted", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    const { id } = await stage.addEndpoint(receiver.url);
    await stage.announceMany(3);
    await deleteEndpoint(stage.ctx, id);
    stage.startPump();
    await stage.processAll();
    assert.equal(receiver.requests.length, 0);
    const states = (await stage.deliveries()).map(({ state }) => state);
    assert.deepEqual([states, await stage.jobs()], [["canceled", "canceled", "canceled"], []]);
  });
});
