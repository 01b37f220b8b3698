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
    assert.deepEqual(
      (await stage.deliveries()).map(({ state, held, last_outcome }) => [state, held, last_outcome]),
      [...Array(3).fill(["canceled", false, "endpoint_disabled"]), ...Array(2).fill(["pending", true, null])],
    );
  });
});
