import assert from "node:assert/strict";
import { createAttemptCommit } from "../../src/deliveries/record-attempts.ts";
import { runBulkOperations } from "../../src/deliveries/run-bulk-operations.ts";
import { enableEndpoint } from "../../src/endpoints/enable-endpoint.ts";
import { updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { announce } from "../../src/messages/announce.ts";
import { startDeliveryStage } from "../support/delivery-stage.ts";
import { startReceiver } from "../support/receiver.ts";

describe("what is held while its endpoint is being enabled", () => {
  it("is let go when it was announced before and committed after", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    const { id } = await stage.addEndpoint(receiver.url);
    await updateEndpoint(stage.ctx, id, { disabled: true });
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
    const announcing = stage.ctx.db.transaction(async (tx) => {
      await announce(tx, stage.ctx, [{ projectId: stage.ctx.actor.projectId, type: "a", data: {} }]);
      held();
      await mayCommit;
    });
    await isHeld;
    const enabling = enableEndpoint(stage.ctx, id, { deliverPending: true });
    commit();
    await Promise.all([announcing, enabling]);
    while ((await runBulkOperations(stage.ctx)) > 0);
    stage.startPump();
    await stage.processAll();
    assert.equal(receiver.requests.length, 1);
    assert.deepEqual(
      (await stage.deliveries()).map(({ state, held: isStillHeld }) => [state, isStillHeld]),
      [["succeeded", false]],
    );
  });

  it("is sent when a pump that had seen it disabled writes that down afterwards", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    const { id } = await stage.addEndpoint(receiver.url);
    await stage.announceMany(1);
    const [delivery] = await stage.deliveries();
    const commit = createAttemptCommit(stage.ctx, stage.tell);
    const [job] = await stage.jobs();
    await commit.submit({
      deliveryId: delivery?.id ?? "",
      projectId: stage.ctx.actor.projectId,
      endpointId: id,
      job: { id: job?.id ?? "", retryCount: 0 },
      state: "pending",
      outcome: "held",
      held: true,
      charged: false,
      disableEndpoint: false,
    });
    const [after] = await stage.deliveries();
    assert.deepEqual([after?.held, after?.next_attempt_at !== null], [false, true]);
    stage.startPump();
    await stage.processAll();
    assert.equal(receiver.requests.length, 1);
  });
});
