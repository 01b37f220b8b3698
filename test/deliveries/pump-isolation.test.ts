import assert from "node:assert/strict";
import { rotateEndpointSecret } from "../../src/endpoints/rotate-endpoint-secret.ts";
import { startDeliveryStage } from "../support/delivery-stage.ts";
import { type GatedReceiver, startGatedReceiver } from "../support/gated-receiver.ts";
import { startReceiver } from "../support/receiver.ts";

describe("one endpoint that never answers", () => {
  it("does not keep the others from theirs, whatever waits for it", async () => {
    await using hole = await startGatedReceiver();
    await using stage = await startDeliveryStage({ settings: { slots: 16, endpointConcurrency: 4 } });
    const stuck = await stage.addEndpoint(hole.url, { eventTypes: ["to.hole"] });
    await stage.announce(...Array.from({ length: 400 }, () => ({ type: "to.hole" })));
    const receivers = await Promise.all([1, 2, 3].map(() => startReceiver()));
    for (const { url } of receivers) await stage.addEndpoint(url, { eventTypes: ["test.sent"] });
    stage.startPump();
    await hole.untilHeld(4);
    await stage.announceMany(100);
    await Promise.all(receivers.map((receiver) => receiver.until(100)));

    assert.deepEqual([hole.held, hole.requests.length], [4, 4]);
    const deliveries = await stage.deliveries(stuck.id);
    assert.deepEqual([deliveries.length, deliveries.filter(({ state }) => state === "pending").length], [400, 400]);
    for (const receiver of receivers) await receiver[Symbol.asyncDispose]();
  });

  it("gets fewer places with each call in vain, so that several do not hold all slots either", async () => {
    await using hole = await startGatedReceiver();
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage({ settings: { slots: 8, endpointConcurrency: 4 } });
    for (const path of ["/one", "/two"])
      await stage.addEndpoint(new URL(path, hole.url).href, { eventTypes: ["to.hole"], timeoutSeconds: 1 });
    await stage.announce(...Array.from({ length: 50 }, () => ({ type: "to.hole" })));
    stage.startPump();
    await hole.untilHeld(8);
    await stage.addEndpoint(receiver.url, { eventTypes: ["test.sent"] });
    await stage.announceMany(60);
    await receiver.until(60);
    assert.ok(hole.requests.length <= 10, `${hole.requests.length} calls that nobody answers`);
  });

  it("holds no more than half of the slots, whatever its own concurrency", async () => {
    await using hole = await startGatedReceiver();
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage({ settings: { slots: 6 } });
    await stage.addEndpoint(hole.url, { concurrency: 100 });
    await stage.announceMany(50);
    stage.startPump();
    await hole.untilHeld(3);
    await stage.addEndpoint(receiver.url);
    await stage.announceMany(20);
    await receiver.until(20);
    assert.deepEqual([hole.held, hole.mostHeld], [3, 3]);
  });
});

describe("the pump", () => {
  it("never sends more to an endpoint at once than its concurrency", async () => {
    await using stage = await startDeliveryStage({ settings: { endpointConcurrency: 3 } });
    const receivers: (readonly [GatedReceiver, number])[] = [];
    for (const concurrency of [1, 2, 5, undefined]) {
      const receiver = await startGatedReceiver();
      await stage.addEndpoint(receiver.url, concurrency === undefined ? {} : { concurrency });
      receivers.push([receiver, concurrency ?? 3]);
    }
    await stage.announceMany(40);
    stage.startPump();
    for (const [receiver, concurrency] of receivers) await receiver.untilHeld(concurrency);
    for (const [receiver] of receivers) receiver.open();
    await stage.processAll();
    for (const [receiver, concurrency] of receivers) {
      assert.deepEqual([receiver.requests.length, receiver.mostHeld], [40, concurrency]);
      await receiver[Symbol.asyncDispose]();
    }
    assert.ok((await stage.deliveries()).every(({ state, attempts }) => state === "succeeded" && attempts === 1));
  });

  it("sends no more at once than it has slots, and takes the endpoints in turn", async () => {
    await using receiver = await startGatedReceiver();
    await using stage = await startDeliveryStage({ settings: { slots: 4, endpointConcurrency: 2 } });
    const endpoints = await Promise.all(Array.from({ length: 6 }, () => stage.addEndpoint(receiver.url)));
    await stage.announceMany(5);
    const pump = stage.startPump();
    await receiver.untilHeld(4);
    assert.equal(pump.underWay, 4);
    const settled = async (): Promise<number[]> => {
      const of = await Promise.all(endpoints.map(({ id }) => stage.deliveries(id)));
      return of.map((deliveries) => deliveries.filter(({ state }) => state === "succeeded").length);
    };
    for (let answered = 0; answered < 12; answered += 1) {
      receiver.release();
      await receiver.untilHeld(4);
    }
    const counts = await settled();
    assert.ok(
      counts.every((count) => count >= 1),
      `some endpoint had no turn: ${counts.join(", ")}`,
    );
    receiver.open();
    await stage.processAll();
    assert.deepEqual([receiver.requests.length, receiver.mostHeld, pump.underWay], [30, 4, 0]);
    assert.deepEqual(await settled(), Array(6).fill(5));
  });

  it("gives back what has waited for its endpoint until its claim is about to lapse", async () => {
    await using receiver = await startGatedReceiver();
    await using stage = await startDeliveryStage({ settings: { timeoutSeconds: 15, claimSlackSeconds: 60 } });
    await stage.addEndpoint(receiver.url, { concurrency: 1 });
    await stage.announceMany(10);
    const pump = stage.startPump();
    await receiver.untilHeld(1);
    assert.ok(
      (await stage.jobs()).every(({ state }) => state === "active"),
      "all ten are in hand",
    );
    stage.clock.advanceBy(59);
    receiver.release();
    await receiver.untilHeld(1);
    assert.equal(receiver.requests.length, 2, "there is time for one more");
    stage.clock.advanceBy(2);
    receiver.release();
    await pump.drain();
    assert.equal(receiver.requests.length, 2);
    const waiting = (await stage.deliveries()).filter(({ state }) => state === "pending");
    assert.equal(waiting.length, 8);
    for (const { attempts, last_outcome, retries_spent, next_attempt_at } of waiting) {
      assert.deepEqual([attempts, last_outcome, retries_spent], [0, null, 0]);
      assert.ok(next_attempt_at !== null && next_attempt_at.getTime() <= stage.clock.now());
    }
    assert.deepEqual(await stage.jobs(), []);

    receiver.open();
    await stage.processAll();
    assert.equal(receiver.requests.length, 10);
    assert.equal(new Set(receiver.requests.map((headers) => headers["webhook-id"])).size, 10);
  });

  it("sends what has waited with the secret that the endpoint has by then", async () => {
    await using receiver = await startGatedReceiver();
    await using stage = await startDeliveryStage();
    const { id } = await stage.addEndpoint(receiver.url, { concurrency: 1 });
    await stage.announceMany(2);
    stage.startPump();
    await receiver.untilHeld(1);
    await rotateEndpointSecret(stage.ctx, id, { expiresPreviousInSeconds: 3_600 });
    receiver.open();
    await stage.processAll();
    const signatures = receiver.requests.map((headers) => String(headers["webhook-signature"]).split(" ").length);
    assert.deepEqual(signatures, [1, 2]);
  });
});
