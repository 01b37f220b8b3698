import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { listAudit } from "../../src/access/list-audit.ts";
import type { Role } from "../../src/access/roles.ts";
import { createEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { createSubscriber } from "../../src/endpoints/create-subscriber.ts";
import { deleteSubscriber } from "../../src/endpoints/delete-subscriber.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { getMessage } from "../../src/messages/get-message.ts";
import { listMessageDeliveries } from "../../src/messages/list-message-deliveries.ts";
import { listMessages } from "../../src/messages/list-messages.ts";
import { newMessage, publishMessage } from "../../src/messages/publish-message.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { readPages } from "../support/read-pages.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, uuidOf } from "../support/test-pipeline.ts";

describe("Published messages", () => {
  let test: TestContext;
  before(async () => {
    test = await createTestContext();
    await createTestPipeline(test);
  });
  after(() => test[Symbol.asyncDispose]());

  const publish = (ctx: Context, input: object) => publishMessage(ctx, parseInput(newMessage, input));
  const url = "http://127.0.0.1:9/hook";
  const endpointsOf = async (ctx: Context, messageId: string) =>
    (await listMessageDeliveries(ctx, uuidOf("message", messageId), { limit: 50 })).data.map(
      (delivery) => delivery.endpointId,
    );

  it("go to the endpoints that want their type, and are read with what they say", async () => {
    const ctx = await test.inAnotherProject();
    const wants = await createEndpoint(ctx, { url, eventTypes: ["invoice.paid"] });
    const wantsAll = await createEndpoint(ctx, { url });
    await createEndpoint(ctx, { url, eventTypes: ["other"] });
    const off = await createEndpoint(ctx, { url, disabled: true });
    const data = JSON.parse('{"text":"a\\u0000b\\ud800","__proto__":{"a":1},"big":12345678901234567890}') as object;
    const message = await publish(ctx, { type: "invoice.paid", data });
    assert.deepEqual(
      { ...message, data: undefined },
      { id: message.id, type: "invoice.paid", createdAt: new Date(ctx.clock.now()).toISOString(), data: undefined },
    );
    assert.equal(JSON.stringify(message.data), JSON.stringify(data));
    assert.deepEqual(await getMessage(ctx, uuidOf("message", message.id)), message);
    assert.deepEqual((await endpointsOf(ctx, message.id)).toSorted(), [wants.id, wantsAll.id, off.id].toSorted());
  });

  it("to one subscriber go to nobody else", async () => {
    const ctx = await test.inAnotherProject();
    const subscriber = await createSubscriber(ctx, { name: "A customer" });
    await createEndpoint(ctx, { url });
    const own = await createEndpoint(ctx, { url, subscriberId: uuidOf("subscriber", subscriber.id) });
    const message = await publish(ctx, { type: "x", data: {}, subscriberId: subscriber.id });
    assert.equal(message.subscriberId, subscriber.id);
    assert.deepEqual(await endpointsOf(ctx, message.id), [own.id]);
  });

  it("with an id of the publisher's are sent once, also when they come at once", async () => {
    const ctx = await test.inAnotherProject();
    await createEndpoint(ctx, { url });
    const input = { type: "x", data: { a: 1, b: [-0, { c: null }] }, id: "order 1" };
    const answers = await Promise.all([1, 2, 3, 4].map(() => publish(ctx, input)));
    const [first] = answers;
    assert.equal(first?.externalId, "order 1");
    for (const answer of answers) assert.deepEqual(answer, first);
    const reordered = { data: { b: [-0, { c: null }], a: 1 }, id: "order 1", type: "x" };
    assert.deepEqual(await publish(ctx, reordered), first);
    assert.equal((await listMessages(ctx, {}, { limit: 50 })).data.length, 1);
    assert.equal((await endpointsOf(ctx, first?.id ?? "")).length, 1);
    const published = (await listAudit(ctx, { limit: 50 })).data.filter((entry) => entry.action === "message.publish");
    assert.deepEqual(
      published.map(({ target, detail }) => ({ target, detail })),
      [{ target: first?.id, detail: { type: "x" } }],
    );
  });

  it("with the id of another one are a conflict, and nothing is stored", async () => {
    const ctx = await test.inAnotherProject();
    const subscriber = await createSubscriber(ctx, { name: "A customer" });
    await publish(ctx, { type: "x", data: { a: 1 }, id: "1" });
    for (const change of [{ type: "y" }, { data: { a: 2 } }, { data: {} }, { subscriberId: subscriber.id }])
      await assert.rejects(publish(ctx, { type: "x", data: { a: 1 }, id: "1", ...change }), {
        status: 409,
        code: "message_exists",
      });
    assert.equal((await listMessages(ctx, {}, { limit: 50 })).data.length, 1);
    const other = await test.inAnotherProject();
    assert.equal((await publish(other, { type: "x", data: { a: 2 }, id: "1" })).externalId, "1");
  });

  it("answer a repeat with the first one even when its subscriber has gone since", async () => {
    const ctx = await test.inAnotherProject();
    const subscriber = await createSubscriber(ctx, { name: "A customer" });
    const input = { type: "x", data: {}, id: "1", subscriberId: subscriber.id };
    const first = await publish(ctx, input);
    await deleteSubscriber(ctx, uuidOf("subscriber", subscriber.id));
    assert.deepEqual(await publish(ctx, input), first);
    await assert.rejects(publish(ctx, { ...input, id: "2" }), invalidAt("subscriberId"));
    assert.equal((await listMessages(ctx, {}, { limit: 50 })).data.length, 1);
  });

  it("are refused with the field at fault", async () => {
    const good = { type: "x", data: {} };
    const other = await test.inAnotherProject();
    const foreign = await createSubscriber(other, { name: "Theirs" });
    for (const type of [
      "task.completed",
      "task.",
      "endpoint.x",
      "source.x",
      "agent.x",
      "Task.x",
      "",
      "a b",
      "x".repeat(101),
    ])
      assert.throws(() => parseInput(newMessage, { ...good, type }), invalidAt("type"), type);
    for (const type of ["tasks.completed", "task", "my.task.x", "a_b-C.1"]) parseInput(newMessage, { ...good, type });
    for (const data of [[], "text", 1, null, undefined])
      assert.throws(() => parseInput(newMessage, { type: "x", data }), invalidAt("data"));
    for (const id of ["", "a\u0000b", "\ud800", "x".repeat(257)])
      assert.throws(() => parseInput(newMessage, { ...good, id }), { status: 422 });
    assert.throws(() => parseInput(newMessage, { ...good, channel: 1 }), invalidAt("channel"));
    assert.throws(() => parseInput(newMessage, { ...good, subscriberId: "a\u0000b" }), invalidAt("subscriberId"));
    await assert.rejects(publish(test, { ...good, subscriberId: foreign.id }), invalidAt("subscriberId"));
    assert.deepEqual((await listMessages(test, {}, { limit: 5 })).data, []);
  });

  it("need the permission to publish", async () => {
    const allowed: readonly Role[] = ["owner", "admin", "developer"];
    for (const role of ["owner", "admin", "developer", "operator", "viewer", "worker"] as const) {
      const published = publish(test.as(role), { type: "by.role", data: {} });
      if (allowed.includes(role)) await published;
      else await assert.rejects(published, { status: 403 });
    }
  });

  it("are listed by type, by pages without a gap or a repeat, and not seen from another project", async () => {
    const ctx = await test.inAnotherProject();
    const other = await test.inAnotherProject();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1)
      ids.unshift((await publish(ctx, { type: index % 2 === 0 ? "even" : "odd", data: {} })).id);
    for (const [type, expected] of [
      [undefined, ids],
      ["even", ids.filter((_id, index) => index % 2 === 0)],
      ["none", []],
    ] as const)
      for (const limit of [1, 2, 5]) {
        const pages = await readPages("message", limit, (page) => listMessages(ctx, { type }, page));
        assert.deepEqual(
          pages.map((message) => message.id),
          expected,
        );
      }
    const id = uuidOf("message", ids[0] ?? "");
    assert.deepEqual((await listMessages(other, { type: "even" }, { limit: 5 })).data, []);
    await assert.rejects(getMessage(other, id), { status: 404 });
    await assert.rejects(listMessageDeliveries(other, id, { limit: 5 }), { status: 404 });
    await assert.rejects(getMessage(test.as("worker"), id), { status: 403 });
    await assert.rejects(listMessages(test.as("worker"), {}, { limit: 5 }), { status: 403 });
    await assert.rejects(listMessageDeliveries(test.as("worker"), id, { limit: 5 }), { status: 403 });
  });

  it("names a subscriber by its external id too, as an endpoint does", async () => {
    const ctx = await test.inAnotherProject();
    const subscriber = await createSubscriber(ctx, { name: "By its own id", externalId: "customer-7" });
    const own = await createEndpoint(ctx, { url, subscriberId: "customer-7" });
    assert.equal(own.subscriberId, subscriber.id);
    const message = await publishMessage(ctx, { type: "a.b", data: {}, subscriberId: "customer-7" });
    assert.equal(message.subscriberId, subscriber.id);
    await assert.rejects(
      publishMessage(ctx, { type: "a.b", data: {}, subscriberId: "nobody" }),
      invalidAt("subscriberId"),
    );
    await assert.rejects(createEndpoint(ctx, { url, subscriberId: "nobody" }), invalidAt("subscriberId"));
  });
});
