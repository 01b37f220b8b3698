import assert from "node:assert/strict";
import { compileRoute, type RouteRules } from "../../src/routing/compile-route.ts";
import type { KeyOf } from "../../src/routing/compiled-route.ts";
import { eventDocument } from "./event-document.ts";

const task = { input: "Look" };

function rules(written: Partial<RouteRules>) {
  const compiled = compileRoute({ task, ...written });
  assert.ok(compiled.ok, JSON.stringify(compiled));
  return compiled.rules;
}

/** The path and message of each fault. */
function faults(written: Partial<RouteRules>): Record<string, string> {
  const compiled = compileRoute({ task, ...written });
  assert.ok(!compiled.ok, "the rules were accepted");
  return Object.fromEntries(compiled.errors.map(({ path, message }) => [path, message]));
}

/** What a key gives for a body. */
function key(source: string, body: unknown): ReturnType<KeyOf> {
  const { session } = rules({ keys: { session: source } }).keys;
  assert.ok(session !== undefined);
  return session.of(eventDocument(body));
}

describe("the rules of a route", () => {
  it("match first, and then ask when", () => {
    const { evaluate, types } = rules({ match: { type: ["issues.opened"] }, when: "event.body.number > 5" });
    assert.deepEqual([...(types ?? [])], ["issues.opened"]);
    assert.deepEqual(evaluate(eventDocument({ number: 6 })), { matched: true });
    assert.deepEqual(evaluate(eventDocument({ number: 5 })), { matched: false, clause: "when" });
    assert.deepEqual(evaluate(eventDocument({ number: 6 }, { type: "push" })), {
      matched: false,
      clause: "match.type",
    });
  });

  it("do not match where when cannot be evaluated, and say why", () => {
    const { evaluate } = rules({ when: "event.body.number > 5" });
    assert.deepEqual(evaluate(eventDocument({})), {
      matched: false,
      clause: "when",
      error: 'at line 1, column 12, "number > 5": there is no number',
    });
    const unknown = rules({ when: "event.body.flag" }).evaluate;
    assert.deepEqual(unknown(eventDocument({ flag: true })), { matched: true });
    assert.deepEqual(unknown(eventDocument({ flag: 1 })), {
      matched: false,
      clause: "when",
      error: "gives neither true nor false",
    });
  });

  it("share what they may cost with the other rules that are asked about an event", () => {
    const list = Array.from({ length: 500_000 }, () => 0);
    const costly = Array.from({ length: 40 }, () => rules({ when: "event.body.list.exists(x, x == 1)" }).evaluate);
    const cheap = rules({ when: "event.body.list[0] == 0" }).evaluate;
    const document = eventDocument({ list });
    assert.deepEqual(cheap(document), { matched: true });
    const start = performance.now();
    for (const evaluate of costly) {
      const verdict = evaluate(document);
      assert.match((!verdict.matched && verdict.error) || "", /takes too long with this event/);
    }
    assert.ok(
      performance.now() - start < 500,
      "each alone may take ten milliseconds, and forty do not take forty times that",
    );
    assert.deepEqual(cheap(eventDocument({ list })), { matched: true }, "the next event is looked at as ever");
  });

  it("give an event its keys, by an expression or by a template", () => {
    const body = { pr: 7, repo: "octo/hub", draft: false, ratio: 0.5, none: null, list: [1] };
    assert.deepEqual(key("event.body.pr", body), { ok: true, value: "7" });
    assert.deepEqual(key("event.body.repo + '#' + string(event.body.pr)", body), { ok: true, value: "octo/hub#7" });
    assert.deepEqual(key("${event.body.repo}#${event.body.pr}", body), { ok: true, value: "octo/hub#7" });
    assert.deepEqual(key("${event.body.draft}", body), { ok: true, value: "false" });
    assert.deepEqual(key("event.body.ratio", body), { ok: true, value: "0.5" });
    assert.deepEqual(key("'all'", body), { ok: true, value: "all" });
  });

  it("give no key where the event lacks it, or what it has is none", () => {
    const body = { none: null, list: [1], empty: "", long: "é".repeat(257), nul: "a\u0000", half: "\ud800" };
    for (const [source, message] of [
      ["event.body.gone", /there is no gone/],
      ["pr-${event.body.gone}", /there is no gone/],
      ["event.body.none", /null in place of a key/],
      ["pr-${event.body.none}", /null in place of a key/],
      ["event.body.list", /must be a text, a number or a bool/],
      ["event.body.empty", /empty/],
      ["event.body.long", /longer than 512 bytes/],
      ["${event.body.long}", /longer than 512 bytes/],
      ["event.body.nul", /cannot be stored/],
      ["event.body.half", /cannot be stored/],
    ] as const) {
      const result = key(source, body);
      assert.match(result.ok ? "" : result.message, message, source);
    }
  });

  it("fill in what is not said", () => {
    const { keys, loops, limits, debounce, actors, isGuarded } = rules({
      keys: { dedupe: "event.id", concurrency: "event.id", order: "event.id" },
      limits: { rate: { count: 5, perSeconds: 60 }, breaker: { tasks: 9, perSeconds: 30 } },
      debounce: { quietSeconds: 1, maxSeconds: 5 },
      actors: { deny: ["*[bot]"] },
    });
    assert.equal(keys.dedupe?.windowSeconds, undefined);
    assert.deepEqual([keys.concurrency?.limit, keys.concurrency?.policy], [1, "queue"]);
    assert.equal(keys.order?.onFailure, "continue");
    assert.deepEqual(limits, {
      rate: { count: 5, perSeconds: 60 },
      breaker: { tasks: 9, perSeconds: 30, cooldownSeconds: 30 },
    });
    assert.deepEqual(debounce, { quietSeconds: 1, maxSeconds: 5 });
    assert.deepEqual(actors, { deny: ["*[bot]"] });
    assert.deepEqual(loops, { allowMarked: false, maxDepth: 5 });
    assert.equal(isGuarded, true);
  });

  it("need the database only for what is counted or kept there", () => {
    const free: Partial<RouteRules> = {
      when: "true",
      keys: { session: "event.id" },
      actors: { allow: ["octocat"], path: "event.body.sender.login" },
      loops: { maxDepth: 2 },
      subscriberId: "event.body.customer",
      limits: {},
    };
    assert.equal(rules(free).isGuarded, false);
    const guards: Partial<RouteRules>[] = [
      { keys: { dedupe: "event.id" } },
      { keys: { concurrency: { key: "event.id", limit: 2 } } },
      { keys: { order: "event.id" } },
      { debounce: { quietSeconds: 1, maxSeconds: 1 } },
      { limits: { rate: { count: 1, perSeconds: 1 } } },
      { limits: { budget: { tasksPerDay: 5 } } },
      { limits: { breaker: { tasks: 1, perSeconds: 1 } } },
    ];
    for (const guard of guards) assert.equal(rules({ ...free, ...guard }).isGuarded, true, JSON.stringify(guard));
  });

  it("say who hears of the tasks: an id as it is, or what an expression gives", () => {
    const id = "sub_01h455vb4pex5vsknk084sn02q";
    const subscriber = (subscriberId: string) =>
      rules({ subscriberId }).subscriber?.(eventDocument({ customer: "c-1" }));
    assert.deepEqual(subscriber(id), { ok: true, value: id });
    assert.deepEqual(subscriber("event.body.customer"), { ok: true, value: "c-1" });
    assert.deepEqual(subscriber("acme/${event.body.customer}"), { ok: true, value: "acme/c-1" });
    assert.equal(subscriber("event.body.gone")?.ok, false);
  });

  it("name the field and the place of each fault", () => {
    const bad = "event.body.a ==";
    assert.deepEqual(
      faults({
        match: { body: { a: [{ prefix: 1 }] } },
        when: "event.body.a == 1 &&\n  event.payload.b",
        task: { input: "${event.body." },
        keys: {
          dedupe: bad,
          concurrency: { key: "[event.id]" },
          order: { key: "order-${event.}" },
          session: "event.body.constructor",
        },
        debounce: { key: "1 +", quietSeconds: 1, maxSeconds: 1 },
        limits: { rate: { count: 1, perSeconds: 1, key: "x" } },
        actors: { allow: ["a"], path: "event.sender" },
        subscriberId: "customer-1",
      }),
      {
        "match.body.a.0.prefix": "must be a string",
        when:
          'at line 2, column 9, "payload.b": No such key: payload; an event has id, type, provider, source, deliveryId, ' +
          "receivedAt, headers, body",
        "task.input": 'at line 1, column 1, "${event.body.": ${ has no closing }; write $${ for the text ${',
        "keys.dedupe": "at line 1, column 16, the end: Unexpected token: EOF",
        "keys.concurrency.key":
          'at line 1, column 1, "[event.id]": must give a text, a number or a bool, and gives list<string>',
        "keys.order.key": 'at line 1, column 15, "}": Expected IDENTIFIER, got EOF',
        "keys.session": 'at line 1, column 12, "constructor": must not read "constructor"',
        "debounce.key": "at line 1, column 4, the end: Unexpected token: EOF",
        "limits.rate.key": 'at line 1, column 1, "x": Unknown variable: x; an expression reads event',
        "actors.path":
          'at line 1, column 7, "sender": No such key: sender; an event has id, type, provider, source, deliveryId, ' +
          "receivedAt, headers, body",
        subscriberId: 'at line 1, column 1, "customer-1": Unknown variable: customer; an expression reads event',
      },
    );
  });

  it("refuse a when that is never true or false", () => {
    for (const when of ["1", "event.id", "[true]", "{'a': true}", "null", "event.body.list.map(x, x)"])
      assert.match(faults({ when })["when"] ?? "", /must give true or false, and gives /, when);
  });
});
