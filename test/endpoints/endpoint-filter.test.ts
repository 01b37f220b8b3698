import assert from "node:assert/strict";
import { createEndpoint, newEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { type DeliveryStage, startDeliveryStage } from "../support/delivery-stage.ts";
import { invalidAt } from "../support/invalid-at.ts";

const url = "https://receiver.example/hook";

describe("an endpoint's filter", () => {
  let stage: DeliveryStage;
  before(async () => void (stage = await startDeliveryStage()));
  after(() => stage[Symbol.asyncDispose]());

  const taken = async (filter: object | string, ...data: readonly object[]): Promise<unknown[]> => {
    const { id } = await stage.addEndpoint(url, parseInput(newEndpoint, { url, filter }));
    await stage.announce(...data.map((each) => ({ data: each, channels: ["a"] })));
    const got = new Set((await stage.deliveries(id)).map(({ message_id }) => message_id));
    const rows = await stage.ctx.db.kysely.selectFrom("messages").selectAll().orderBy("id").execute();
    return rows.filter((row) => got.has(row.id)).map((row) => JSON.parse(row.payload.toString()).data);
  };

  it("lets through what fits its pattern, its expression, or both where it has both", async () => {
    const some = [{ amount: 50 }, { amount: 500, to: "x" }, { amount: 500 }, {}];
    const match = { data: { amount: [{ numeric: [">", 100] }] } };
    const when = `has(message.data.to) && message.type == "test.sent" && "a" in message.channels`;
    assert.deepEqual(await taken({ match }, ...some), [some[1], some[2]]);
    assert.deepEqual(await taken({ when }, ...some), [some[1]]);
    assert.deepEqual(await taken({ match, when: "message.data.amount < 600" }, ...some), [some[1], some[2]]);
    assert.deepEqual(
      await taken({ when: "message.data.missing.deep" }, ...some),
      [],
      "what fails lets nothing through",
    );
  });

  it("may be a pattern or an expression by itself", async () => {
    const some = [{ amount: 1 }, { amount: 9 }];
    assert.deepEqual(await taken({ data: { amount: [9] } }, ...some), [some[1]]);
    assert.deepEqual(await taken("message.data.amount == 9", ...some), [some[1]]);
  });

  it("is shown as it was written", async () => {
    const filter = { match: { type: ["a.b"] }, when: "true" };
    const made = await createEndpoint(stage.ctx, { url, filter });
    assert.deepEqual(made.filter, filter);
  });

  it("ends in time on a hostile message", async () => {
    const when = "message.data.list.exists(x, message.data.list.exists(y, x == y + 1000000))";
    const started = performance.now();
    assert.deepEqual(await taken({ when }, { list: Array.from({ length: 20_000 }, (_, index) => index) }), []);
    assert.ok(performance.now() - started < 2_000);
  });

  for (const [what, filter, ...paths] of [
    [
      "a catastrophic expression",
      { when: `message.data.a.matches("(a+)+$") && [1].map(a, [1].map(b, [1].map(c, 1)))` },
      "filter.when",
    ],
    ["an expression about an event", { when: "event.type == 'a'" }, "filter.when"],
    ["one that gives no truth", { when: "message.type" }, "filter.when"],
    ["a field that no message has", { match: { body: { a: [1] } } }, "filter.match.body"],
    ["an operator that is none", { match: { data: { a: [{ like: "x" }] } } }, "filter.match.data.a.0.like"],
    ["another language", { sql: "1=1" }, "filter.match.sql"],
  ] as const)
    it(`is refused when it has ${what}`, () => {
      assert.throws(
        () => parseInput(newEndpoint, { url, filter }),
        (error: Error) => {
          const found = (error as unknown as { errors: { path: string }[] }).errors.map(({ path }) => path);
          return found.some((path) =>
            (paths as readonly string[]).some((wanted) => path.startsWith(wanted.split(".0.")[0] ?? wanted)),
          );
        },
      );
    });

  it("is refused when it is nested beyond measure", () => {
    let match: object = { a: [1] };
    for (let depth = 0; depth < 10_000; depth += 1) match = { a: match };
    assert.throws(() => parseInput(newEndpoint, { url, filter: { match: { data: match } } }), { status: 422 });
    assert.throws(() => parseInput(newEndpoint, { url, filter: 1 }), invalidAt("filter"));
  });
});
