import assert from "node:assert/strict";
import { endDeliveriesHeldTooLong } from "../../src/deliveries/end-held-deliveries.ts";
import { updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { startDeliveryStage } from "../support/delivery-stage.ts";

const dayMs = 86_400;

describe("what has been held for longer than holdDays", () => {
  it("ends, and what is younger does not", async () => {
    await using stage = await startDeliveryStage({ settings: { holdDays: 3 } });
    const { id } = await stage.addEndpoint("https://receiver.example/");
    await updateEndpoint(stage.ctx, id, { disabled: true });
    await stage.announceMany(3);
    stage.clock.advanceBy(2 * dayMs);
    await stage.announceMany(2);
    await endDeliveriesHeldTooLong(stage.ctx);
    assert.deepEqual(
      (await stage.deliveries()).map(({ state }) => state),
      Array(5).fill("pending"),
    );
    stage.clock.advanceBy(dayMs + 1);
    await endDeliveriesHeldTooLong(stage.ctx);
    const all = await stage.deliveries();
    const [ended, waiting] = [all.slice(0, 3), all.slice(3)];
    for (const { state, held, last_outcome } of ended)
      assert.deepEqual([state, held, last_outcome], ["canceled", false, "endpoint_disabled"]);
    for (const { state, held, last_outcome } of waiting)
      assert.deepEqual([state, held, last_outcome], ["pending", true, null]);
    assert.equal(waiting.length, 2);
  });
});
