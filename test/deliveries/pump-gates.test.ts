import assert from "node:assert/strict";
import { getEndpointStats } from "../../src/deliveries/get-endpoint-stats.ts";
import { takeTokens } from "../../src/deliveries/take-tokens.ts";
import { startDeliveryStage } from "../support/delivery-stage.ts";
import { startReceiver } from "../support/receiver.ts";

describe("the circuit breaker of an endpoint", () => {
  it("leaves it alone after failures in a row, tries one after a while, and goes on when that goes well", async () => {
    let status = 500;
    await using receiver = await startReceiver(() => ({ status }));
    await using other = await startReceiver();
    const settings = {
      breakerFailures: 5,
      breakerSeconds: 60,
      breakerMaxSeconds: 600,
      retryScheduleSeconds: [1, 1, 1],
    };
    await using stage = await startDeliveryStage({ settings });
    const { id } = await stage.addEndpoint(receiver.url, { concurrency: 1 });
    await stage.addEndpoint(other.url, { eventTypes: ["test.sent"] });
    await stage.announceMany(12);
    stage.startPump();
    await stage.processAll();
    assert.equal(receiver.requests.length, 5);
    assert.equal(other.requests.length, 12, "others are sent to all the same");
    const open = await getEndpointStats(stage.ctx, id, 1);
    assert.equal(open.breaker.state, "open");

    stage.clock.advanceBy(61);
    await stage.processAll();
    assert.equal(receiver.requests.length, 6, "one probe, which fails");
    stage.clock.advanceBy(61);
    await stage.processAll();
    assert.equal(receiver.requests.length, 6, "and the next comes after twice the time");
    status = 200;
    stage.clock.advanceBy(60);
    await stage.processAll();
    await stage.processAll();
    const states = (await stage.deliveries(id)).map(({ state }) => state);
    assert.ok(
      states.every((state) => state === "succeeded"),
      states.join(" "),
    );
    assert.equal((await getEndpointStats(stage.ctx, id, 1)).breaker.state, "closed");
  });
});

describe("a circuit breaker that has opened in one process", () => {
  it("keeps the others away as long", async () => {
    await using receiver = await startReceiver(() => ({ status: 500 }));
    const settings = { breakerFailures: 5, breakerSeconds: 60, retryScheduleSeconds: [1] };
    await using stage = await startDeliveryStage({ settings });
    await stage.addEndpoint(receiver.url, { eventTypes: ["test.sent"], concurrency: 1 });
    const first = stage.startPump();
    await stage.announceMany(5);
    await stage.processAll();
    assert.equal(receiver.requests.length, 5);
    await first.stop();
    const second = stage.startPump();
    await stage.announceMany(10);
    await second.drain();
    assert.equal(receiver.requests.length, 5, "what has failed elsewhere is not tried again here");
    const waiting = (await stage.deliveries()).filter(({ next_attempt_at }) => next_attempt_at !== null);
    assert.equal(waiting.length, 15);
  });
});

describe("the rate of an endpoint", () => {
  it("is kept over all processes, and holds up nobody else", async () => {
    await using receiver = await startReceiver();
    await using other = await startReceiver();
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(receiver.url, { rateLimitPerSecond: 20 });
    await stage.addEndpoint(other.url);
    await stage.announceMany(16);
    const pumps = [stage.startPump(), stage.startPump()];
    const started = performance.now();
    await other.until(16);
    assert.ok(performance.now() - started < 500);
    await receiver.until(16);
    const seconds = (performance.now() - started) / 1000;
    await Promise.all(pumps.map((pump) => pump.drain()));
    // Two at once at the beginning, and the others one every fiftieth of a second and a bit.
    assert.ok(seconds > 0.6 && seconds < 5, `${seconds} s`);
  });

  it("grants what a bucket holds and says when there is more", async () => {
    await using stage = await startDeliveryStage();
    const { id } = await stage.addEndpoint("https://receiver.example/");
    const take = async (wanted: number, atMs: number) =>
      await takeTokens(stage.ctx.db, id, { ratePerSecond: 50, wanted, now: new Date(atMs) });
    assert.deepEqual(await take(3, 1_000_000), { granted: 3, waitMs: 0 });
    assert.deepEqual(await take(3, 1_000_000), { granted: 2, waitMs: 20 });
    assert.deepEqual(await take(3, 999_000), { granted: 0, waitMs: 20 }, "an older clock brings nothing");
    assert.deepEqual(await take(9, 1_000_060), { granted: 3, waitMs: 20 });
    assert.deepEqual(await take(9, 9_000_000), { granted: 5, waitMs: 20 }, "it does not fill without end");
    const many = await Promise.all(Array.from({ length: 8 }, () => take(2, 9_000_080)));
    assert.equal(
      many.reduce((sum, { granted }) => sum + granted, 0),
      4,
    );
  });
});

describe("an endpoint that asks for less", () => {
  it("gets half as many at once after each answer that says so", async () => {
    let [running, most] = [0, 0];
    await using receiver = await startReceiver(async (_request, index) => {
      running += 1;
      if (index >= 40) most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return { status: 429 };
    });
    await using stage = await startDeliveryStage({ settings: { breakerFailures: 1_000, retryScheduleSeconds: [] } });
    await stage.addEndpoint(receiver.url, { eventTypes: ["test.sent"], concurrency: 16 });
    await stage.announceMany(60);
    stage.startPump();
    await stage.processAll();
    assert.equal(receiver.requests.length, 60);
    assert.equal(most, 1);
  });
});

describe("the retries of an endpoint", () => {
  it("double, and end with its window", async () => {
    await using receiver = await startReceiver(() => ({ status: 500 }));
    await using stage = await startDeliveryStage();
    const exponential = { baseSeconds: 10, maxSeconds: 30, retries: 20 };
    const { id } = await stage.addEndpoint(receiver.url, {
      eventTypes: ["test.sent"],
      retry: { exponential, jitter: 0, windowSeconds: 100 },
    });
    await stage.announceMany(1);
    stage.startPump();
    await stage.processAll();
    const waits: number[] = [];
    for (;;) {
      const [delivery] = await stage.deliveries(id);
      if (delivery?.next_attempt_at === null || delivery === undefined) break;
      const waitMs = delivery.next_attempt_at.getTime() - stage.clock.now();
      waits.push(Math.round(waitMs / 1000));
      stage.clock.advanceBy(waitMs / 1000 + 0.1);
      await stage.processAll();
    }
    assert.deepEqual(waits, [10, 20, 30, 30]);
    const [delivery] = await stage.deliveries(id);
    assert.deepEqual([delivery?.state, delivery?.attempts], ["failed", 5]);
  });
});
