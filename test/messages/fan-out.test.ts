import assert from "node:assert/strict";
import fc from "fast-check";
import type { NewEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { compileEventTypes } from "../../src/lib/event-type-pattern.ts";
import { type DeliveryStage, startDeliveryStage } from "../support/delivery-stage.ts";

const url = "https://receiver.example/hook";

describe("who gets a message", () => {
  let stage: DeliveryStage;
  before(async () => void (stage = await startDeliveryStage()));
  after(() => stage[Symbol.asyncDispose]());

  const add = async (fields: Omit<NewEndpoint, "url">): Promise<string> => (await stage.addEndpoint(url, fields)).id;

  it("is chosen by type, exactly or by a pattern", async () => {
    const endpoints = new Map([
      [await add({ eventTypes: ["order.*"] }), ["order.a.b", "order.paid"]],
      [await add({ eventTypes: ["*.paid", "x_y"] }), ["order.paid", "x_y"]],
      [await add({ eventTypes: ["*"] }), ["order", "order.a.b", "order.paid", "ordering", "x_y", "xzy"]],
      [await add({ eventTypes: ["o*r"] }), ["order"]],
      [await add({ eventTypes: ["order"] }), ["order"]],
    ]);
    await stage.announce(...["order", "order.paid", "order.a.b", "ordering", "x_y", "xzy"].map((type) => ({ type })));
    const messages = await stage.ctx.db.kysely.selectFrom("messages").select(["id", "type"]).execute();
    const typeOf = new Map(messages.map(({ id, type }) => [id, type]));
    for (const [endpointId, types] of endpoints) {
      const got = (await stage.deliveries(endpointId)).map(({ message_id }) => typeOf.get(message_id) ?? "");
      assert.deepEqual(got.toSorted(), types);
    }
  });

  it("is the same in Postgres as in memory, for any type and pattern", async () => {
    const letters = fc.constantFrom("a", "b", ".", "_", "-");
    const type = fc.string({ unit: letters, minLength: 1, maxLength: 6 });
    const pattern = fc
      .string({ unit: fc.oneof(letters, fc.constant("*")), minLength: 1, maxLength: 5 })
      .filter((text) => text.split("*").length <= 3);
    const pairs = fc.sample(fc.tuple(type, pattern), 2_000);
    const text = `SELECT i.type LIKE i.pattern AS fits FROM unnest($1::text[], $2::text[]) AS i (type, pattern)`;
    const rows = await stage.ctx.db.query<{ fits: boolean }>({ text }, [
      pairs.map(([each]) => each),
      pairs.map(([, each]) => each.replaceAll("_", "\\_").replaceAll("*", "%")),
    ]);
    for (const [index, [each, wanted]] of pairs.entries())
      assert.equal(compileEventTypes([wanted])(each), rows[index]?.fits, `${each} against ${wanted}`);
  });

  it("is, of those that name channels, who shares one", async () => {
    const type = "about.channels";
    const eventTypes = [type];
    const endpoints = [
      await add({ eventTypes }),
      await add({ eventTypes, channels: ["project:1"] }),
      await add({ eventTypes, channels: ["project:2", "all"] }),
    ];
    await stage.announce(
      { type },
      { type, channels: ["project:1"] },
      { type, channels: ["all", "project:1"] },
      { type, channels: ["project:3"] },
    );
    const counts = await Promise.all(endpoints.map(async (id) => (await stage.deliveries(id)).length));
    assert.deepEqual(counts, [4, 2, 1]);
  });
});
