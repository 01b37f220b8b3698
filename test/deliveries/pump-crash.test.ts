import assert from "node:assert/strict";
import { cancelDelivery } from "../../src/deliveries/cancel-delivery.ts";
import { retryDelivery } from "../../src/deliveries/retry-delivery.ts";
import type { AttemptCommit, DeliveryRecord } from "../../src/deliveries/record-attempts.ts";
import { promoteDueDeliveries } from "../../src/deliveries/promote-due-deliveries.ts";
import { settleDeadDeliveries } from "../../src/deliveries/settle-dead-deliveries.ts";
import { GroupCommit } from "../../src/lib/group-commit.ts";
import { UnavailableError } from "../../src/lib/errors.ts";
import { type DeliveryStage, startDeliveryStage } from "../support/delivery-stage.ts";
import { startGatedReceiver } from "../support/gated-receiver.ts";
import { startReceiver } from "../support/receiver.ts";

/** The stage's commit behind something that a test does first. */
function commitAfter(stage: DeliveryStage, first: () => Promise<unknown>): AttemptCommit {
  const real = stage.attemptCommit();
  return new GroupCommit<DeliveryRecord, void>({
    commit: async (records) => {
      await first();
      return await Promise.all(records.map((record) => real.submit(record)));
    },
    maxBatch: 128,
    maxConcurrent: 2,
    maxWaiting: Number.POSITIVE_INFINITY,
    refuse: () => new Error("full"),
    isolates: () => false,
  });
}

const never = (): Promise<never> => new Promise(() => {});

/** Starts a pump that sends and dies before it writes down what became of it. */
async function sendAndDie(stage: DeliveryStage, sent: () => Promise<unknown>): Promise<void> {
  const pump = stage.startDoomedPump(commitAfter(stage, never));
  await sent();
  void pump.stop();
}

describe("a process that dies with deliveries in hand", () => {
  it("has them sent again, with the same webhook-id, once its claims have lapsed", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url);
    await stage.announceMany(3);
    await sendAndDie(stage, () => receiver.until(3));
    stage.startPump();
    await stage.processAll();
    assert.equal(receiver.requests.length, 3, "the claims still stand");
    await stage.lapseClaims();
    await stage.processAll();

    assert.equal(receiver.requests.length, 6);
    const ids = receiver.requests.map(({ headers }) => headers["webhook-id"]);
    assert.deepEqual(new Set(ids.slice(3)), new Set(ids.slice(0, 3)));
    assert.equal(new Set(ids).size, 3);
    for (const { state, attempts } of await stage.deliveries()) assert.deepEqual([state, attempts], ["succeeded", 1]);
    assert.deepEqual(await stage.jobs(), []);
  });

  it("and is only thought dead takes nothing away from the one that claimed them after it", async () => {
    await using receiver = await startGatedReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url);
    await stage.announceMany(1);
    const gate = Promise.withResolvers<void>();
    const stale = stage.startDoomedPump(commitAfter(stage, () => gate.promise));
    await receiver.untilHeld(1);
    receiver.release(500);
    const stopped = stale.stop();
    await stage.lapseClaims();
    stage.startPump();
    await receiver.untilHeld(1);
    const held = await stage.jobs();
    assert.deepEqual(
      held.map(({ state, retryCount }) => [state, retryCount]),
      [["active", 1]],
    );

    gate.resolve();
    await stopped;
    assert.deepEqual(await stage.jobs(), held);
    // The retry that the stale one asked for comes due while the newer one still sends.
    stage.clock.advanceBy(7);
    await promoteDueDeliveries(stage.ctx);
    assert.deepEqual(await stage.jobs(), held);
    receiver.release(200);
    await stage.processAll();
    assert.equal(receiver.requests.length, 2);
    const [delivery] = await stage.deliveries();
    assert.deepEqual([delivery?.state, delivery?.attempts, await stage.jobs()], ["succeeded", 2, []]);
  });

  it("time after time has its deliveries fail as abandoned, and a retry sends them", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url);
    await stage.announceMany(2);
    await stage.ctx.db.query({ text: "UPDATE pgboss.job SET retry_limit = 1 WHERE name = 'deliveries'" }, []);
    for (const count of [2, 4]) {
      await sendAndDie(stage, () => receiver.until(count));
      await stage.lapseClaims();
    }
    const [redriven] = await stage.deliveries();
    await cancelDelivery(stage.ctx, redriven?.id ?? "");
    await retryDelivery(stage.ctx, redriven?.id ?? "");
    assert.equal(await settleDeadDeliveries(stage.ctx, stage.tell), 2);
    assert.equal(await settleDeadDeliveries(stage.ctx, stage.tell), 0);
    const states = (await stage.deliveries()).map((delivery) => [delivery.state, delivery.last_outcome]);
    assert.deepEqual(states, [
      ["pending", null],
      ["failed", "abandoned"],
    ]);
    assert.deepEqual(
      (await stage.jobs()).map(({ id }) => id),
      [redriven?.id],
    );

    const [, abandoned] = await stage.deliveries();
    await retryDelivery(stage.ctx, abandoned?.id ?? "");
    stage.startPump();
    await stage.processAll();
    assert.deepEqual(
      (await stage.deliveries()).map(({ state }) => state),
      ["succeeded", "succeeded"],
    );
    assert.equal(receiver.requests.length, 6);
  });
});

describe("an attempt that cannot be written down", () => {
  it("because the database is away is written once it is back, and not sent again", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url);
    await stage.announceMany(2);
    let failures = 2;
    const away = async (): Promise<void> => {
      failures -= 1;
      if (failures >= 0) throw new UnavailableError("database_unavailable", "away");
    };
    const pump = stage.startPump(commitAfter(stage, away));
    await receiver.until(2);
    await pump.drain();
    assert.equal(receiver.requests.length, 2);
    for (const { state, attempts } of await stage.deliveries()) assert.deepEqual([state, attempts], ["succeeded", 1]);
    assert.equal((await stage.attempts()).length, 2);
  });

  it("leaves its delivery to the next claim, and its slot to others", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage({ settings: { slots: 2 } });
    await stage.addEndpoint(receiver.url);
    await stage.announceMany(3);
    let failures = 1;
    const broken = async (): Promise<void> => {
      failures -= 1;
      if (failures >= 0) throw new Error("a bug");
    };
    stage.startPump(commitAfter(stage, broken));
    await stage.processAll();
    assert.equal(receiver.requests.length, 3);
    await stage.lapseClaims();
    await stage.processAll();
    assert.ok(receiver.requests.length > 3);
    assert.ok((await stage.deliveries()).every(({ state }) => state === "succeeded"));
    assert.deepEqual(await stage.jobs(), []);
  });
});
