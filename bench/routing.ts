import type { CompiledRoute } from "../src/routing/compiled-route.ts";
import { compileRoute, type RouteRules } from "../src/routing/compile-route.ts";
import { decide, type DecidedEvent } from "../src/routing/decide.ts";
import type { EventDocument } from "../src/routing/event-document.ts";
import { RouteIndex } from "../src/routing/route-index.ts";
import { createPushBodies } from "./support/github-push.ts";
import { publishReport } from "./support/report.ts";
import { quantile } from "./support/statistics.ts";

// What deciding costs, in one process and without a database: which routes take an event, and what they make of it. Nobody
// else's turn comes while it lasts.
const passes = 9;
const sources = 20;
const types = ["push", "issues.opened", "issues.labeled", "pull_request.opened", "ping"];
const eventBytes = 5_120;

function eventOf(body: unknown): EventDocument {
  return {
    id: "evt_01h455vb4pex5vsknk084sn02q",
    type: "push",
    provider: "github",
    source: { id: "src_01h455vb4pex5vsknk084sn02q", name: "octo" },
    deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    receivedAt: "2026-01-02T03:04:05.678Z",
    headers: { "x-github-event": "push", "content-type": "application/json" },
    body,
  };
}

const pushBody = JSON.parse(String(createPushBodies(1)[0])) as Record<string, unknown>;
const filler = "x".repeat(eventBytes - Buffer.byteLength(JSON.stringify({ ...pushBody, filler: "" })));
const push = { ...pushBody, filler };

const input = "Look at ${event.body.head_commit.message} of ${event.body.repository.full_name}";

// One in a hundred takes the event; the others say no as routes do: half by the pattern, half by the expression.
function rulesAt(place: number): RouteRules {
  const prefix = place % 100 === 0 ? "" : `team-${place}/`;
  if (place % 2 === 0) return { match: { body: { repository: { full_name: [{ prefix }] } } }, task: { input } };
  const when = `event.body.ref == 'refs/heads/team-${place}' && event.body.commits.exists(c, c.message.contains('deploy'))`;
  return { when, task: { input } };
}

/** Routes of which each is about one type of event of one source; or all are about the one that comes. */
function makeIndex(count: number, isSpread: boolean): RouteIndex {
  const routes = Array.from({ length: count }, (_, place): CompiledRoute => {
    const rules = rulesAt(place);
    const type = isSpread ? types[Math.floor(place / sources) % types.length] : types[0];
    const compiled = compileRoute({ ...rules, match: { type: [type], ...rules.match } });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
    const sourceId = `source-${isSpread ? place % sources : 0}`;
    const id = `route-${place}`;
    return { id, projectId: "p", name: id, agentId: "a", sourceId, provider: undefined, ...compiled.rules };
  });
  return new RouteIndex(routes);
}

/** The middle of what a call costs, in microseconds. */
function microsecondsOf(calls: number, run: () => void): number {
  const costs = Array.from({ length: passes }, () => {
    const from = performance.now();
    for (let call = 0; call < calls; call += 1) run();
    return ((performance.now() - from) * 1_000) / calls;
  });
  return quantile(costs, 0.5);
}

const summary = { id: "e", type: "push", sourceId: "source-0", deliveryId: "d" };

function decidingCost(count: number, isSpread: boolean): number {
  const index = makeIndex(count, isSpread);
  const event = (): DecidedEvent => ({
    summary,
    provider: "github",
    document: () => eventOf(push),
    origin: () => undefined,
  });
  const { matches, stops } = decide(index, event());
  if (matches.length === 0 || stops.length > 0) throw new Error("the routes do not say what they should");
  return microsecondsOf(Math.max(20, Math.min(20_000, Math.round(400_000 / count))), () => void decide(index, event()));
}

function compiled(rules: Partial<RouteRules>) {
  const result = compileRoute({ task: { input: "x" }, ...rules });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.rules;
}

/** What one rule costs with the event of 5 KB. */
function ruleCosts(): { what: string; µs: number }[] {
  const one = (what: string, rules: Partial<RouteRules>, run: (route: ReturnType<typeof compiled>) => unknown) => {
    const route = compiled(rules);
    return { what, µs: microsecondsOf(100_000, () => void run(route)) };
  };
  const document = eventOf(push);
  const evaluates = (route: ReturnType<typeof compiled>) => route.evaluate(document);
  const fullName = "event.body.repository.full_name";
  return [
    one(
      "match: a field by prefix",
      { match: { body: { repository: { full_name: [{ prefix: "Octo" }] } } } },
      evaluates,
    ),
    one("when: two fields", { when: `event.body.ref == 'refs/heads/main' || ${fullName} == 'a/b'` }, evaluates),
    one("when: a field that is not there", { when: "event.body.issue.title == 'x'" }, evaluates),
    one("when: a list", { when: "event.body.commits.exists(c, c.author.name == 'nobody')" }, evaluates),
    one("when: a regular expression", { when: `${fullName}.matches('^Codertocat/(Hello|World)-[A-Z]')` }, evaluates),
    one("template: two placeholders", { task: { input } }, (route) => route.render(document)),
    one("key: a template", { keys: { session: `\${${fullName}}#\${event.body.ref}` } }, (route) =>
      route.keys.session?.of(document),
    ),
  ];
}

const list = (count: number, element: string): unknown =>
  JSON.parse(`[${Array.from({ length: count }, () => element).join(",")}]`);
const nested = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
const wide = (): unknown =>
  JSON.parse(`{${Array.from({ length: 80_000 }, (_, index) => `"key${index}":1`).join(",")}}`);

/** Bodies of 1 MB, and what is dearest to ask about them. */
const hostile: readonly (readonly [what: string, body: unknown, rules: Partial<RouteRules>])[] = [
  ["list of 500,000, pattern", list(500_000, "0"), { match: { body: [1, 2, 3, { numeric: [">", 5] }] } }],
  ["list of 500,000, walked", list(500_000, "0"), { when: "event.body.all(x, x >= 0 && x < 5)" }],
  ["list of 500,000, squared", list(500_000, "0"), { when: "event.body.exists(x, event.body.exists(y, x == y + 1))" }],
  ["list of 500,000, copied", list(500_000, "0"), { when: "event.body.map(x, {'x': [x]}).size() == 1" }],
  ["list of 500,000, by a key", list(500_000, "0"), { keys: { session: "event.body.map(x, string(x)).join('')" } }],
  ["objects without the field", list(120_000, '{"a":1}'), { when: "event.body.exists(x, x.b == 1)" }],
  ["words, by regular expression", list(150_000, '"word"'), { when: "event.body.exists(w, w.matches('a*a*a*b$'))" }],
  ["text, by regular expression", "a".repeat(1 << 20), { when: "event.body.matches('(a|b)*a(a|b){12}c')" }],
  ["text, searched slowly", "a".repeat(1 << 20), { when: `event.body.contains('${"a".repeat(30)}b')` }],
  ["text, cut to pieces", ",".repeat(1 << 20), { when: "event.body.split(',').size() == 1" }],
  ["text, doubled", "a".repeat(1 << 20), { when: "cel.bind(a, event.body + event.body, cel.bind(b, a + a, b == a))" }],
  ["text, into the task", "a".repeat(1 << 20), { task: { input: "${event.body} ${event.body}" } }],
  ["80,000 keys, walked", wide(), { when: "event.body.exists(key, event.body[key] == 2)" }],
  ["80,000 keys, into the task", wide(), { task: { input: "x", parameters: { all: "${event.body}" } } }],
  ["512 levels deep, compared", nested(511), { when: "event.body == {'a': event.body}" }],
  ["512 levels deep, into the task", nested(511), { task: { input: "${event.body}" } }],
];

function hostileCosts(): { what: string; µs: number }[] {
  return hostile.map(([what, body, rules]) => {
    const { evaluate, render, keys } = compiled(rules);
    return {
      what: `1 MB: ${what}`,
      // A document each time: what an event may cost is counted by it.
      µs: microsecondsOf(1, () => {
        const document = eventOf(body);
        evaluate(document);
        if (rules.task !== undefined) render(document);
        keys.session?.of(document);
      }),
    };
  });
}

function allRoutesCost(): number {
  const routes = Array.from({ length: 1_000 }, () => compiled({ when: "event.body.all(x, x >= 0 && x < 5)" }));
  const body = list(500_000, "0");
  return microsecondsOf(1, () => {
    const document = eventOf(body);
    for (const { evaluate } of routes) evaluate(document);
  });
}

const counts = [1, 100, 1_000, 10_000];
const spread = counts.map((count) => ({ count, µs: decidingCost(count, true) }));
const together = counts.map((count) => ({ count, µs: decidingCost(count, false) }));
const worst = hostileCosts();
const ofAll = allRoutesCost();

await publishReport({
  name: "routing",
  method: `an event of ${eventBytes} bytes and bodies of 1 MB, the middle of ${passes} passes`,
  rows: [
    ...spread.map(({ count, µs }) => ({ what: `decide, ${count} routes over ${sources} sources and 5 types`, µs })),
    ...together.map(({ count, µs }) => ({ what: `decide, ${count} routes for this source and type`, µs })),
    ...ruleCosts(),
    ...worst,
    { what: "1 MB: list of 500,000, walked by 1,000 routes", µs: ofAll },
  ],
  goals: [
    { name: "deciding with 1,000 routes, ms", value: (spread[2]?.µs ?? Number.NaN) / 1_000, atMost: 0.5 },
    {
      name: "deciding with 1,000 routes that are all asked, ms",
      value: (together[2]?.µs ?? Number.NaN) / 1_000,
      atMost: 0.5,
    },
    { name: "dearest body of 1 MB for a route, ms", value: Math.max(...worst.map(({ µs }) => µs)) / 1_000, atMost: 20 },
  ],
});
