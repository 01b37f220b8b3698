import assert from "node:assert/strict";
import { createEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { createSubscriber } from "../../src/endpoints/create-subscriber.ts";
import { deleteEndpoint } from "../../src/endpoints/delete-endpoint.ts";
import { deleteSubscriber } from "../../src/endpoints/delete-subscriber.ts";
import { updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { announce } from "../../src/messages/announce.ts";
import type { FullMessageRow } from "../../src/messages/store.ts";
import { type DeliveryStage, startDeliveryStage } from "../support/delivery-stage.ts";
import { uuidOf } from "../support/test-pipeline.ts";

const url = "https://receiver.example/hook";

async function messages(stage: DeliveryStage): Promise<FullMessageRow[]> {
  return await stage.ctx.db.kysely.selectFrom("messages").selectAll().orderBy("id").execute();
}

/** The types of the messages that each of these endpoints gets. */
async function typesPerEndpoint(
  stage: DeliveryStage,
  endpoints: readonly { readonly id: string }[],
): Promise<string[][]> {
  const typeOf = new Map((await messages(stage)).map(({ id, type }) => [id, type]));
  const deliveries = await stage.deliveries();
  return endpoints.map(({ id }) =>
    deliveries
      .filter(({ endpoint_id }) => endpoint_id === id)
      .map(({ message_id }) => typeOf.get(message_id) ?? "")
      .toSorted(),
  );
}

describe("announce", () => {
  let stage: DeliveryStage;
  beforeEach(async () => void (stage = await startDeliveryStage()));
  afterEach(() => stage[Symbol.asyncDispose]());

  it("gives a message to the endpoints that ask for its type, and to those that ask for none", async () => {
    const endpoints = [
      await stage.addEndpoint(url),
      await stage.addEndpoint(url, { eventTypes: ["task.completed"] }),
      await stage.addEndpoint(url, { eventTypes: ["task.completed", "task.failed"] }),
      await stage.addEndpoint(url, { eventTypes: ["task"] }),
    ];
    await stage.announce({ type: "task.completed" }, { type: "task.failed" }, { type: "invoice.paid" });
    assert.deepEqual(await typesPerEndpoint(stage, endpoints), [
      ["invoice.paid", "task.completed", "task.failed"],
      ["task.completed"],
      ["task.completed", "task.failed"],
      [],
    ]);
  });

  it("gives a message for one subscriber to that one's endpoints only", async () => {
    const { id: wireId } = await createSubscriber(stage.ctx, { name: "One" });
    const subscriberId = uuidOf("subscriber", wireId);
    const endpoints = [
      await stage.addEndpoint(url, { subscriberId }),
      await stage.addEndpoint(url, { subscriberId, eventTypes: ["b"] }),
      await stage.addEndpoint(url),
    ];
    await stage.announce({ type: "a", subscriberId }, { type: "b" });
    assert.deepEqual(await typesPerEndpoint(stage, endpoints), [["a", "b"], ["b"], ["b"]]);
  });

  it("passes over endpoints that are deleted, by themselves or with their subscriber, and holds what is for one that is off", async () => {
    const { id: wireId } = await createSubscriber(stage.ctx, { name: "One" });
    const subscriberId = uuidOf("subscriber", wireId);
    const [disabled, deleted, orphan, live] = [
      await stage.addEndpoint(url),
      await stage.addEndpoint(url),
      await stage.addEndpoint(url, { subscriberId }),
      await stage.addEndpoint(url),
    ];
    await updateEndpoint(stage.ctx, disabled.id, { disabled: true });
    await deleteEndpoint(stage.ctx, deleted.id);
    await deleteSubscriber(stage.ctx, subscriberId);
    await stage.announce({ type: "a" });
    assert.deepEqual(await typesPerEndpoint(stage, [disabled, deleted, orphan, live]), [["a"], [], [], ["a"]]);
    const [held] = await stage.deliveries(disabled.id);
    assert.deepEqual([held?.state, held?.held], ["pending", true]);
    assert.deepEqual(
      (await stage.jobs()).map((job) => job.id),
      (await stage.deliveries(live.id)).map((delivery) => delivery.id),
    );
  });

  it("gives another project's endpoints nothing", async () => {
    const other = await stage.inAnotherProject();
    const foreign = await createEndpoint(other, { url });
    const own = await stage.addEndpoint(url);
    await stage.announce({ type: "a" }, { type: "b", projectId: other.actor.projectId });
    const endpoints = [own, { id: uuidOf("endpoint", foreign.id) }];
    assert.deepEqual(await typesPerEndpoint(stage, endpoints), [["a"], ["b"]]);
  });

  it("answers in the order given, and undefined for a message that was there", async () => {
    await stage.addEndpoint(url);
    const [first] = await stage.announce({ type: "a", externalId: "one" });
    const again = await stage.announce(
      { type: "b" },
      { type: "c", externalId: "one" },
      { type: "d", externalId: "two" },
      { type: "e", externalId: "two" },
      { type: "f" },
    );
    assert.deepEqual(
      again.map((id) => id !== undefined),
      [true, false, true, false, true],
    );
    const stored = await messages(stage);
    assert.deepEqual(
      stored.map(({ id, type }) => [id, type]),
      [
        [first, "a"],
        [again[0], "b"],
        [again[2], "d"],
        [again[4], "f"],
      ],
    );
    assert.equal((await stage.deliveries()).length, 4);
  });

  it("knows an external id in its own project only, and stores one message however many say it at once", async () => {
    const other = await stage.inAnotherProject();
    const [own, foreign] = await stage.announce(
      { externalId: "one" },
      { externalId: "one", projectId: other.actor.projectId },
    );
    assert.ok(own !== undefined && foreign !== undefined);
    const answers = await Promise.all(Array.from({ length: 8 }, () => stage.announce({ externalId: "many" })));
    assert.equal(answers.filter(([id]) => id !== undefined).length, 1);
    assert.equal((await messages(stage)).length, 3);
  });

  it("stores the bytes that are sent: compact JSON of the type, the time and the data", async () => {
    const data = { text: "héllo 🪝 $&", nothing: undefined, lone: "\ud800", nul: "\u0000", list: [1, 2.5, null] };
    await stage.announce({ type: "a.b", data });
    const [message] = await messages(stage);
    const text = message?.payload.toString() ?? "";
    const timestamp = message?.created_at.toISOString();
    assert.equal(text, JSON.stringify({ type: "a.b", timestamp, data }));
    assert.deepEqual(Buffer.from(text), message?.payload);
    assert.deepEqual(Object.keys(JSON.parse(text)), ["type", "timestamp", "data"]);
  });

  it("stores the message, its deliveries and their jobs together or not at all", async () => {
    const { id } = await stage.addEndpoint(url);
    const { ctx } = stage;
    let woken = 0;
    ctx.signals.on("deliveries", () => (woken += 1));
    const announcement = { projectId: ctx.actor.projectId, type: "a", data: {} };
    const failure = ctx.db.transaction(async (tx) => {
      await announce(tx, ctx, [announcement]);
      throw new Error("settling failed");
    });
    await assert.rejects(failure, /settling failed/);
    assert.deepEqual([await messages(stage), await stage.deliveries(), await stage.jobs(), woken], [[], [], [], 0]);

    await stage.announce({}, {});
    const deliveries = await stage.deliveries(id);
    assert.equal(deliveries.length, 2);
    for (const { state, attempts } of deliveries) assert.deepEqual([state, attempts], ["pending", 0]);
    assert.deepEqual(
      (await stage.jobs()).map((job) => job.id),
      deliveries.map((delivery) => delivery.id),
    );
    assert.equal(woken, 1);
  });

  it("stores a message that nobody wants, and none when there is none", async () => {
    assert.deepEqual(await stage.announce(), []);
    const [id] = await stage.announce({ taskId: "01890a5d-ac96-774b-bcce-b302099a8057" });
    const stored = await messages(stage);
    assert.deepEqual(
      stored.map((message) => [message.id, message.task_id]),
      [[id, "01890a5d-ac96-774b-bcce-b302099a8057"]],
    );
    assert.deepEqual(await stage.deliveries(), []);
  });
});
