import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Webhook } from "svix";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { rotateEndpointSecret } from "../../src/endpoints/rotate-endpoint-secret.ts";
import { sealEndpointSecret } from "../../src/endpoints/seal-endpoint-secret.ts";
import { type DeliveryStage, startDeliveryStage } from "../support/delivery-stage.ts";
import { type ReceivedRequest, startReceiver } from "../support/receiver.ts";

function signatures({ headers }: ReceivedRequest): string[] {
  return String(headers["webhook-signature"]).split(" ");
}

// By hand, for the libraries refuse what was signed on a clock that a test has put forward.
function signatureOf(secret: string, { headers, body }: ReceivedRequest): string {
  return new Webhook(secret).sign(
    String(headers["webhook-id"]),
    new Date(Number(headers["webhook-timestamp"]) * 1000),
    body,
  );
}

async function sendOne(stage: DeliveryStage): Promise<void> {
  await stage.announceMany(1);
  await stage.processAll();
}

/** Puts another secret in the place of the endpoint's. */
async function replaceSecret(stage: DeliveryStage, endpointId: string, text: string): Promise<void> {
  const { ctx } = stage;
  const now = new Date(ctx.clock.now());
  const row = sealEndpointSecret(ctx.secretBox, ctx.actor.projectId, {
    id: ctx.newId(),
    endpointId,
    kind: "hmac",
    value: text,
    createdAt: now,
  });
  await ctx.db.kysely.deleteFrom("endpoint_secrets").where("endpoint_id", "=", endpointId).execute();
  await ctx.db.kysely.insertInto("endpoint_secrets").values(row).execute();
}

describe("the secrets of an endpoint", () => {
  it("all sign while they overlap, newest first, and only the new one afterwards", async () => {
    await using receiver = await startReceiver();
    await using stage = await startDeliveryStage();
    const old = await stage.addEndpoint(receiver.url);
    stage.startPump();
    await sendOne(stage);
    const rotated = await rotateEndpointSecret(stage.ctx, old.id, { expiresPreviousInSeconds: 3_600 });
    const secret = rotated.secret ?? "";
    await sendOne(stage);
    stage.clock.advanceBy(3_590);
    await sendOne(stage);
    stage.clock.advanceBy(11);
    await sendOne(stage);

    const [before, during, late, after] = receiver.requests as [
      ReceivedRequest,
      ReceivedRequest,
      ReceivedRequest,
      ReceivedRequest,
    ];
    assert.deepEqual(signatures(before), [signatureOf(old.secret, before)]);
    assert.deepEqual(signatures(during), [signatureOf(secret, during), signatureOf(old.secret, during)]);
    for (const each of [old.secret, secret]) {
      new StandardWebhook(each).verify(during.body, during.headers as Record<string, string>);
      new Webhook(each).verify(during.body, during.headers as Record<string, string>);
    }
    assert.equal(signatures(late).length, 2);
    assert.deepEqual(signatures(after), [signatureOf(secret, after)]);
  });

  const unusable: readonly (readonly [string, (stage: DeliveryStage, endpointId: string) => Promise<unknown>])[] = [
    ["is malformed", (stage, id) => replaceSecret(stage, id, "whsec_%%%")],
    ["is empty", (stage, id) => replaceSecret(stage, id, "")],
    [
      "cannot be opened",
      (stage, id) =>
        stage.ctx.db.kysely
          .updateTable("endpoint_secrets")
          .set({ sealed: randomBytes(120) })
          .where("endpoint_id", "=", id)
          .execute(),
    ],
    [
      "is gone",
      (stage, id) => stage.ctx.db.kysely.deleteFrom("endpoint_secrets").where("endpoint_id", "=", id).execute(),
    ],
  ];
  for (const [what, spoil] of unusable) {
    it(`make a failed attempt when one ${what}, and leave the other endpoints theirs`, async () => {
      await using receiver = await startReceiver();
      await using other = await startReceiver();
      await using stage = await startDeliveryStage();
      const { id } = await stage.addEndpoint(receiver.url);
      await stage.addEndpoint(other.url);
      await spoil(stage, id);
      stage.startPump();
      await sendOne(stage);
      assert.deepEqual([receiver.requests.length, other.requests.length], [0, 1]);
      const [delivery] = await stage.deliveries(id);
      assert.deepEqual([delivery?.state, delivery?.last_outcome, delivery?.attempts], ["pending", "unsigned", 1]);
      const attempt = (await stage.attempts()).find(({ delivery_id }) => delivery_id === delivery?.id);
      assert.deepEqual([attempt?.outcome, attempt?.status, attempt?.duration_ms], ["unsigned", null, 0]);
      assert.deepEqual(await stage.jobs(), []);

      await rotateEndpointSecret(stage.ctx, id, { expiresPreviousInSeconds: 0 });
      stage.clock.advanceBy(7);
      await stage.processAll();
      assert.equal(receiver.requests.length, 1);
      assert.equal((await stage.deliveries(id))[0]?.state, "succeeded");
    });
  }
});
