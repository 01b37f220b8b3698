import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { listAudit } from "../../src/access/list-audit.ts";
import type { Role } from "../../src/access/roles.ts";
import { cancelDelivery } from "../../src/deliveries/cancel-delivery.ts";
import { deliveryQueue } from "../../src/deliveries/delivery-queue.ts";
import { getDelivery } from "../../src/deliveries/get-delivery.ts";
import { listDeliveries } from "../../src/deliveries/list-deliveries.ts";
import { retryDelivery } from "../../src/deliveries/retry-delivery.ts";
import { createEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { deleteEndpoint } from "../../src/endpoints/delete-endpoint.ts";
import { updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { publishMessage } from "../../src/messages/publish-message.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, type TestPipeline, uuidOf } from "../support/test-pipeline.ts";

describe("By hand a delivery", () => {
  let test: TestContext;
  let pipeline: TestPipeline;
  let receiver: Receiver;
  let status = 200;
  before(async () => {
    test = await createTestContext();
    pipeline = await createTestPipeline(test);
    receiver = await startReceiver(() => ({ status }));
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    status = 200;
  });

  async function make(ctx: Context, retry: readonly number[] = [5, 300]) {
    const endpoint = await createEndpoint(ctx, { url: receiver.url, retry: { scheduleSeconds: [...retry] } });
    const message = await publishMessage(ctx, { type: "x", data: {} });
    const [delivery] = (await listDeliveries(ctx, {}, { limit: 1 })).data;
    assert.ok(delivery !== undefined);
    const got = () => receiver.requests.filter((request) => request.headers["webhook-id"] === message.id).length;
    return { id: uuidOf("delivery", delivery.id), endpointId: uuidOf("endpoint", endpoint.id), got };
  }
  const jobs = async (id: string) =>
    (await test.db.query<{ state: string }>({ text: "SELECT state FROM pgboss.job WHERE id = $1" }, [id])).length;
  const stored = (id: string) =>
    test.db.kysely.selectFrom("deliveries").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  it("that waits for its next attempt is sent at once, and keeps what it has spent of its schedule", async () => {
    const ctx = await test.inAnotherProject();
    const { id, got } = await make(ctx);
    status = 500;
    await pipeline.deliver();
    assert.deepEqual([got(), await jobs(id)], [1, 0]);
    const retried = await retryDelivery(ctx, id);
    assert.deepEqual([retried.state, retried.attemptCount, "nextAttemptAt" in retried], ["pending", 1, false]);
    assert.equal((await stored(id)).retries_spent, 1);
    status = 200;
    await pipeline.deliver();
    assert.deepEqual([got(), (await getDelivery(ctx, id)).state], [2, "succeeded"]);
  });

  it("that has failed, or succeeded, is pending again with its whole schedule ahead", async () => {
    const ctx = await test.inAnotherProject();
    const { id, got } = await make(ctx, [1]);
    status = 500;
    await pipeline.deliver();
    await retryDelivery(ctx, id);
    await pipeline.deliver();
    assert.equal((await getDelivery(ctx, id)).state, "failed");
    const retried = await retryDelivery(ctx, id);
    assert.deepEqual([retried.state, retried.attemptCount, "settledAt" in retried], ["pending", 2, false]);
    assert.equal((await stored(id)).retries_spent, 0);
    await pipeline.deliver();
    assert.equal((await getDelivery(ctx, id)).state, "pending");
    status = 200;
    await retryDelivery(ctx, id);
    await pipeline.deliver();
    assert.deepEqual([got(), (await getDelivery(ctx, id)).state], [4, "succeeded"]);
    await retryDelivery(ctx, id);
    await pipeline.deliver();
    assert.deepEqual([got(), (await getDelivery(ctx, id)).attemptCount], [5, 5]);
  });

  it("is sent once however often it is asked for before that", async () => {
    const ctx = await test.inAnotherProject();
    const { id, got } = await make(ctx);
    await Promise.all([1, 2, 3].map(() => retryDelivery(ctx, id)));
    assert.equal(await jobs(id), 1);
    await pipeline.deliver();
    assert.deepEqual([got(), await jobs(id)], [1, 0]);
  });

  it("that pg-boss gave up on is sent, although its dead job still lies in the queue", async () => {
    const ctx = await test.inAnotherProject();
    const { id, got } = await make(ctx);
    await test.db.query({ text: "UPDATE pgboss.job SET state = 'failed', completed_on = now() WHERE id = $1" }, [id]);
    await test.db.kysely
      .updateTable("deliveries")
      .set({ state: "failed", last_outcome: "abandoned" })
      .where("id", "=", id)
      .execute();
    await retryDelivery(ctx, id);
    await pipeline.deliver();
    assert.deepEqual([got(), (await getDelivery(ctx, id)).state], [1, "succeeded"]);
  });

  it("in a pump's hands keeps its claim when it is asked for", async () => {
    const ctx = await test.inAnotherProject();
    const { id } = await make(ctx);
    const [job] = await ctx.queue.fetch(ctx.db, deliveryQueue, 1);
    assert.equal(job?.id, id);
    await retryDelivery(ctx, id);
    const rows = await test.db.query({ text: "SELECT state FROM pgboss.job WHERE id = $1" }, [id]);
    assert.deepEqual(rows, [{ state: "active" }]);
    await cancelDelivery(ctx, id);
    assert.equal(await jobs(id), 0);
  });

  it("is not sent to an endpoint that is off or gone", async () => {
    const ctx = await test.inAnotherProject();
    const { id, endpointId } = await make(ctx);
    await updateEndpoint(ctx, endpointId, { disabled: true });
    await assert.rejects(retryDelivery(ctx, id), { status: 409, code: "endpoint_disabled" });
    await updateEndpoint(ctx, endpointId, { disabled: false });
    await retryDelivery(ctx, id);
    await deleteEndpoint(ctx, endpointId);
    await assert.rejects(retryDelivery(ctx, id), { status: 409, code: "endpoint_disabled" });
    assert.equal((await getDelivery(ctx, id)).state, "canceled");
  });

  it("is canceled while it is pending, and sent nowhere any more unless it is asked for", async () => {
    const ctx = await test.inAnotherProject();
    const { id, got } = await make(ctx);
    const canceled = await cancelDelivery(ctx, id);
    assert.deepEqual([canceled.state, canceled.settledAt], ["canceled", new Date(ctx.clock.now()).toISOString()]);
    assert.equal(await jobs(id), 0);
    await pipeline.deliver();
    assert.equal(got(), 0);
    await assert.rejects(cancelDelivery(ctx, id), { status: 409, code: "delivery_settled" });
    await retryDelivery(ctx, id);
    await pipeline.deliver();
    assert.equal(got(), 1);
    await assert.rejects(cancelDelivery(ctx, id), { status: 409, code: "delivery_settled" });
  });

  it("that waits for its next attempt is canceled without it", async () => {
    const ctx = await test.inAnotherProject();
    const { id } = await make(ctx);
    status = 500;
    await pipeline.deliver();
    const canceled = await cancelDelivery(ctx, id);
    assert.ok(!("nextAttemptAt" in canceled));
    assert.equal((await stored(id)).next_attempt_at, null);
  });

  it("is changed by operators of its own project only, and the audit log tells", async () => {
    const ctx = await test.inAnotherProject();
    const { id } = await make(test);
    const allowed: readonly Role[] = ["owner", "admin", "operator"];
    for (const role of ["owner", "admin", "operator", "developer", "viewer", "worker"] as const)
      for (const verb of [retryDelivery, cancelDelivery]) {
        const changed = verb(test.as(role), id);
        if (allowed.includes(role)) await changed;
        else await assert.rejects(changed, { status: 403 });
      }
    for (const verb of [retryDelivery, cancelDelivery]) {
      await assert.rejects(verb(ctx, id), { status: 404 });
      await assert.rejects(verb(test, test.newId()), { status: 404 });
    }
    const entries = (await listAudit(test, { limit: 6 })).data;
    assert.deepEqual(
      entries.map(({ action, actor, detail }) => [action, actor.name, detail]),
      [
        ["delivery.cancel", "A operator", undefined],
        ["delivery.retry", "A operator", { state: "canceled" }],
        ["delivery.cancel", "A admin", undefined],
        ["delivery.retry", "A admin", { state: "canceled" }],
        ["delivery.cancel", "A owner", undefined],
        ["delivery.retry", "A owner", { state: "pending" }],
      ],
    );
    assert.equal(entries[0]?.target, (await listDeliveries(test, {}, { limit: 1 })).data[0]?.id);
  });
});
