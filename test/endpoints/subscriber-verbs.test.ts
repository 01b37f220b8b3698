import assert from "node:assert/strict";
import { createEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { createSubscriber, newSubscriber } from "../../src/endpoints/create-subscriber.ts";
import { deleteSubscriber } from "../../src/endpoints/delete-subscriber.ts";
import { getEndpoint } from "../../src/endpoints/get-endpoint.ts";
import { getSubscriber } from "../../src/endpoints/get-subscriber.ts";
import { listSubscribers } from "../../src/endpoints/list-subscribers.ts";
import type { Subscriber } from "../../src/endpoints/subscriber.ts";
import { subscriberChanges, updateSubscriber } from "../../src/endpoints/update-subscriber.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { auditLog, withoutAudit } from "../support/database-contents.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const url = "https://receiver.example/hook";

function uuidOf({ id }: Pick<Subscriber, "id">): string {
  return fromWireId("subscriber", id) as string;
}

describe("subscriber verbs", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
  });
  after(() => ctx[Symbol.asyncDispose]());

  it("registers a subscriber", async () => {
    const subscriber = await createSubscriber(ctx, { name: "Acme", externalId: "acme-1" });
    assert.deepEqual(subscriber, {
      id: subscriber.id,
      name: "Acme",
      externalId: "acme-1",
      isDefault: false,
      createdAt: "2026-01-02T03:04:05.678Z",
    });
    assert.deepEqual(await getSubscriber(ctx, uuidOf(subscriber)), subscriber);
    assert.deepEqual((await auditLog(ctx)).at(-1), {
      action: "subscriber.create",
      target: subscriber.id,
      detail: { fields: ["name", "externalId"] },
    });
  });

  it("refuses a second one with an external id, in the project and while it is there", async () => {
    const input = { name: "Twin", externalId: "twin" };
    const first = await createSubscriber(ctx, input);
    await assert.rejects(createSubscriber(ctx, input), { status: 409, code: "subscriber_exists" });
    const other = await createSubscriber(ctx, { name: "Other" });
    await assert.rejects(updateSubscriber(ctx, uuidOf(other), { externalId: "twin" }), { code: "subscriber_exists" });
    await createSubscriber(await ctx.inAnotherProject(), input);
    await deleteSubscriber(ctx, uuidOf(first));
    assert.equal((await updateSubscriber(ctx, uuidOf(other), { externalId: "twin" })).externalId, "twin");
  });

  it("changes only what is named, and clears what is null", async () => {
    const subscriber = await createSubscriber(ctx, { name: "Before", externalId: "changing" });
    const renamed = await updateSubscriber(ctx, uuidOf(subscriber), { name: "After" });
    assert.deepEqual(renamed, { ...subscriber, name: "After" });
    const { externalId: _, ...rest } = renamed;
    assert.deepEqual(await updateSubscriber(ctx, uuidOf(subscriber), { externalId: null }), rest);
    assert.deepEqual(await updateSubscriber(ctx, uuidOf(subscriber), {}), rest);
  });

  it("refuses what is no subscriber", () => {
    assert.throws(() => parseInput(newSubscriber, { name: "" }), invalidAt("name"));
    assert.throws(() => parseInput(newSubscriber, { name: "x", externalId: "" }), invalidAt("externalId"));
    assert.throws(() => parseInput(newSubscriber, { name: "x", isDefault: true }), invalidAt("isDefault"));
    assert.throws(() => parseInput(subscriberChanges, { name: null }), invalidAt("name"));
  });

  it("lists a project's subscribers, newest first, page by page", async () => {
    const other = await ctx.inAnotherProject();
    const made: Subscriber[] = [];
    for (const name of ["one", "two", "three"]) made.unshift(await createSubscriber(other, { name }));
    assert.deepEqual((await listSubscribers(other, { limit: 2 })).data, made.slice(0, 2));
    const cursor = uuidOf(made[1] as Subscriber);
    assert.deepEqual(await listSubscribers(other, { limit: 2, cursor }), { data: made.slice(2) });
  });

  it("makes one default subscriber when endpoints that name none come at once", async () => {
    const other = await ctx.inAnotherProject();
    const made = await Promise.all([1, 2, 3, 4].map(() => createEndpoint(other, { url })));
    const { data } = await listSubscribers(other, { limit: 10 });
    assert.deepEqual(
      data.map(({ name, isDefault }) => ({ name, isDefault })),
      [{ name: "Default", isDefault: true }],
    );
    assert.deepEqual(new Set(made.map(({ subscriberId }) => subscriberId)), new Set([data[0]?.id]));
  });

  it("deletes a subscriber with its endpoints; a new default takes the place of a deleted one", async () => {
    const endpoint = await createEndpoint(ctx, { url });
    const endpointId = fromWireId("endpoint", endpoint.id) as string;
    const heard: unknown[] = [];
    const stop = ctx.signals.on("endpoints", (keys) => heard.push(keys));
    await deleteSubscriber(ctx, uuidOf({ id: endpoint.subscriberId }));
    stop();
    assert.deepEqual(heard, [[endpointId]]);
    assert.deepEqual((await auditLog(ctx)).at(-1)?.detail, { name: "Default", endpoints: [endpoint.id] });
    await assert.rejects(getEndpoint(ctx, endpointId), { status: 404 });
    await assert.rejects(getSubscriber(ctx, uuidOf({ id: endpoint.subscriberId })), { status: 404 });
    const next = await createEndpoint(ctx, { url });
    assert.notEqual(next.subscriberId, endpoint.subscriberId);
    assert.equal((await getSubscriber(ctx, uuidOf({ id: next.subscriberId }))).isDefault, true);
  });

  it("changes nothing when the audit row cannot be written", async () => {
    const blind = withoutAudit(ctx);
    const subscriber = await createSubscriber(ctx, { name: "Constant" });
    const before = await listSubscribers(ctx, { limit: 200 });
    await assert.rejects(createSubscriber(blind, { name: "Never" }));
    await assert.rejects(updateSubscriber(blind, uuidOf(subscriber), { name: "x" }));
    await assert.rejects(deleteSubscriber(blind, uuidOf(subscriber)));
    assert.deepEqual(await listSubscribers(ctx, { limit: 200 }), before);
  });

  it("rejects a read-only actor, and answers 404 for another project's subscriber", async () => {
    const subscriber = await createSubscriber(ctx, { name: "Private" });
    const id = uuidOf(subscriber);
    const viewer = ctx.as("viewer");
    assert.deepEqual(await getSubscriber(viewer, id), subscriber);
    await assert.rejects(createSubscriber(viewer, { name: "x" }), { status: 403 });
    await assert.rejects(updateSubscriber(viewer, id, { name: "x" }), { status: 403 });
    await assert.rejects(deleteSubscriber(viewer, id), { status: 403 });
    const stranger = await ctx.inAnotherProject();
    await assert.rejects(getSubscriber(stranger, id), { status: 404 });
    await assert.rejects(updateSubscriber(stranger, id, { name: "x" }), { status: 404 });
    await assert.rejects(deleteSubscriber(stranger, id), { status: 404 });
  });
});
