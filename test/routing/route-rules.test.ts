import assert from "node:assert/strict";
import { createAgent } from "../../src/agents/create-agent.ts";
import { createSubscriber } from "../../src/endpoints/create-subscriber.ts";
import { fromWireId, toWireId } from "../../src/lib/ids.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { createRoute, newRoute, type NewRoute } from "../../src/routing/create-route.ts";
import { deleteRoute } from "../../src/routing/delete-route.ts";
import { getRoute } from "../../src/routing/get-route.ts";
import { createRouteCache } from "../../src/routing/route-cache.ts";
import { routeChanges, updateRoute } from "../../src/routing/update-route.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { eventDocument } from "./event-document.ts";

const route = { name: "Issues", agent: "triage", task: { input: "Triage ${event.body.issue.title}" } };

const rules = {
  when: "event.body.action == 'opened'",
  keys: {
    dedupe: { key: "event.body.issue.id", windowSeconds: 3_600 },
    concurrency: { key: "event.body.repository.full_name", limit: 3, policy: "drop" },
    order: "${event.body.repository.full_name}#${event.body.issue.number}",
    session: "event.body.issue.number",
  },
  debounce: { key: "event.body.issue.number", quietSeconds: 0.5, maxSeconds: 60 },
  limits: {
    rate: { count: 10, perSeconds: 60, key: "event.body.sender.login" },
    budget: { tasksPerHour: 20, tokensPerDay: 1_000_000, costPerDay: 12.5 },
    breaker: { tasks: 100, perSeconds: 300, cooldownSeconds: 600 },
  },
  actors: { allow: ["octo*"], deny: ["*[bot]"], path: "event.body.sender.login" },
  loops: { allowMarked: true, maxDepth: 2 },
  subscriberId: "event.body.installation.account",
};

describe("the rules of a route, stored", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
    await createAgent(ctx, { name: "triage", runner: { type: "pull" } });
  });
  after(() => ctx[Symbol.asyncDispose]());

  const create = async (more: object = {}) => {
    const made = await createRoute(ctx, parseInput(newRoute, { ...route, ...more }));
    return { made, id: fromWireId("route", made.id) as string };
  };

  it("are shown as they were written", async () => {
    const { made, id } = await create(rules);
    const { id: _, enabled: __, createdAt: ___, updatedAt: ____, ...shown } = made;
    assert.deepEqual(shown, { ...route, ...rules });
    assert.deepEqual(await getRoute(ctx, id), made);
  });

  it("change one by one, and null clears", async () => {
    const { made, id } = await create(rules);
    const cleared = { when: null, debounce: null, limits: null, actors: null, loops: null, subscriberId: null };
    const changes = parseInput(routeChanges, { ...cleared, keys: { session: "event.id" } });
    const { updatedAt } = await updateRoute(ctx, id, changes);
    const kept = Object.fromEntries(Object.entries(made).filter(([field]) => !(field in cleared)));
    assert.deepEqual(await getRoute(ctx, id), { ...kept, keys: { session: "event.id" }, updatedAt });
    const again = await updateRoute(ctx, id, parseInput(routeChanges, { when: rules.when }));
    assert.equal(again.when, rules.when);
  });

  it("are in memory when an event is decided, and a route that compiles no longer stops no other", async () => {
    const other = await ctx.inAnotherProject();
    await createAgent(other, { name: "triage", runner: { type: "pull" } });
    const input = parseInput(newRoute, { ...route, ...rules });
    const good = await createRoute(other, input);
    const bad = await createRoute(other, input);
    await ctx.db.kysely
      .updateTable("routes")
      .set({ when_expression: "event.body.a ==" })
      .where("id", "=", fromWireId("route", bad.id) as string)
      .execute();
    const index = await createRouteCache(ctx).get(ctx.db, other.actor.projectId);
    assert.deepEqual(
      index?.routes.map(({ id }) => toWireId("route", id)),
      [good.id],
    );
    const [compiled] = index?.routes ?? [];
    assert.deepEqual([compiled?.name, compiled?.isGuarded, compiled?.keys.concurrency?.limit], ["Issues", true, 3]);
  });

  it("are compiled again when they changed, and only then", async () => {
    const other = await ctx.inAnotherProject();
    await createAgent(other, { name: "triage", runner: { type: "pull" } });
    const input = parseInput(newRoute, { ...route, when: "event.body.n == 1" });
    const [first, second] = [await createRoute(other, input), await createRoute(other, input)];
    const cache = createRouteCache(ctx);
    const read = async () => (await cache.get(ctx.db, other.actor.projectId))?.routes ?? [];
    const before = await read();
    await updateRoute(other, fromWireId("route", second.id) as string, { when: "event.body.n == 2" });
    const after = await read();
    assert.deepEqual(
      after.map(({ id }) => toWireId("route", id)),
      [first.id, second.id],
    );
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    assert.equal(after[1]?.evaluate(eventDocument({ n: 2 })).matched, true);
    await deleteRoute(other, fromWireId("route", first.id) as string);
    assert.deepEqual(await read(), [after[1]]);
  });

  for (const [what, more, ...paths] of [
    ["an unknown key", { keys: { group: "event.id" } }, "keys.group"],
    ["a key that is none", { keys: { dedupe: 5 } }, "keys.dedupe"],
    ["a window without a key", { keys: { dedupe: { windowSeconds: 5 } } }, "keys.dedupe.key"],
    ["a window of nothing", { keys: { dedupe: { key: "event.id", windowSeconds: 0 } } }, "keys.dedupe.windowSeconds"],
    ["a limit of nothing", { keys: { concurrency: { key: "event.id", limit: 0 } } }, "keys.concurrency.limit"],
    ["an unknown policy", { keys: { concurrency: { key: "event.id", policy: "kill" } } }, "keys.concurrency.policy"],
    [
      "an order of many at once",
      { keys: { order: "event.id", concurrency: { key: "event.id", limit: 2 } } },
      "keys.concurrency.limit",
    ],
    [
      "an order that cancels",
      { keys: { order: { key: "event.type" }, concurrency: { key: "event.id", policy: "cancel" } } },
      "keys.concurrency.policy",
    ],
    ["a wait shorter than its quiet", { debounce: { quietSeconds: 5, maxSeconds: 4 } }, "debounce.maxSeconds"],
    ["a wait without an end", { debounce: { quietSeconds: 5 } }, "debounce.maxSeconds"],
    ["an unknown limit", { limits: { speed: 1 } }, "limits.speed"],
    ["a rate of nothing", { limits: { rate: { count: 0, perSeconds: 60 } } }, "limits.rate.count"],
    ["an unknown budget", { limits: { budget: { tasksPerDay: 1, tasksPerYear: 1 } } }, "limits.budget.tasksPerYear"],
    ["a breaker without a time", { limits: { breaker: { tasks: 1 } } }, "limits.breaker.perSeconds"],
    ["actors that are nobody", { actors: {} }, "actors"],
    ["an actor both allowed and denied", { actors: { allow: ["a", "b"], deny: ["b"] } }, "actors.deny.0"],
    ["a depth of nothing", { loops: { maxDepth: 0 } }, "loops.maxDepth"],
    ["an empty condition", { when: "" }, "when"],
    ["a condition of 10,000 brackets", { when: `${"(".repeat(10_000)}1${")".repeat(10_000)}` }, "when"],
    ["NUL in a condition", { when: "'\u0000' == ''" }, "when"],
  ] as const)
    it(`are refused with the place: ${what}`, () => {
      assert.throws(() => parseInput(newRoute, { ...route, ...more }), invalidAt(...paths));
      assert.throws(() => parseInput(routeChanges, more), invalidAt(...paths));
    });

  it("order the tasks of one key, and limit those of another", () => {
    const keys = { order: "event.id", concurrency: { key: "event.type", limit: 5 } };
    assert.deepEqual(parseInput(newRoute, { ...route, keys }).keys, keys);
  });

  it("are refused when an expression does not compile, at creation and at change", async () => {
    const input: NewRoute = { ...route, when: "event.body.title.matches('(')", keys: { dedupe: "event.payload" } };
    await assert.rejects(createRoute(ctx, input), invalidAt("when", "keys.dedupe"));
    const { made, id } = await create();
    await assert.rejects(updateRoute(ctx, id, { when: "event.body.a ==" }), invalidAt("when"));
    await assert.rejects(updateRoute(ctx, id, { limits: { rate: { count: 1, perSeconds: 1, key: "x" } } }), {
      errors: [
        {
          path: "limits.rate.key",
          message: 'at line 1, column 1, "x": Unknown variable: x; an expression reads event',
        },
      ],
    });
    assert.deepEqual(await getRoute(ctx, id), made);
  });

  it("name a subscriber of the project, or none yet", async () => {
    const subscriber = await createSubscriber(ctx, { name: "Acme" });
    const { made, id } = await create({ subscriberId: subscriber.id });
    assert.equal(made.subscriberId, subscriber.id);
    const unknown = toWireId("subscriber", ctx.newId());
    await assert.rejects(create({ subscriberId: unknown }), invalidAt("subscriberId"));
    await assert.rejects(updateRoute(ctx, id, { subscriberId: unknown }), invalidAt("subscriberId"));
    await assert.rejects(updateRoute(ctx, id, { subscriberId: "customer-1" }), invalidAt("subscriberId"));
  });
});
