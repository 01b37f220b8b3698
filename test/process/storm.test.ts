import assert from "node:assert/strict";
import { fromWireId } from "../../src/lib/ids.ts";
import { createHubDatabase, type HubDatabase } from "../support/hub-database.ts";
import { startHubProcess } from "../support/hub-process.ts";
import { clientOf } from "../support/test-hub.ts";
import { sendStorm, type StormEvent, type StormTarget, workOnStorm } from "./storm-traffic.ts";

const storm = { keys: 50, perKey: 100, burst: 20 };
const limits = { key: 2, group: 5 };

// What a dead hub had in hand comes back within seconds; nothing is slowed down by rates.
const settings = {
  tasks: { leaseSeconds: 5, retryBaseSeconds: 0.1, maxAttempts: 50 },
  inbound: { rateLimitPerSecond: 100_000 },
  api: { rateLimitPerSecond: 100_000 },
};

const task = { input: "Do ${event.deliveryId}" };
const routes = {
  // One after the other, and of ten keys together only a few at once.
  ordered: {
    match: { body: { kind: ["ordered"] } },
    keys: { order: "event.body.key", concurrency: { key: "event.body.key % 10", limit: limits.group } },
    task,
  },
  limited: {
    match: { body: { kind: ["limited"] } },
    keys: { concurrency: { key: "event.body.key", limit: limits.key } },
    task,
  },
  collected: {
    debounce: { key: "event.body.key", quietSeconds: 0.5, maxSeconds: 2 },
    keys: { order: "event.body.key" },
    task,
  },
};
type RouteName = keyof typeof routes;

/** An attempt that was worked on, in the order of beginning. */
interface Attempt {
  readonly task_id: string;
  readonly key: number;
  readonly n: number;
  readonly startMs: number;
  readonly endMs: number;
}

async function attemptsOf(database: HubDatabase, routeId: string): Promise<Attempt[]> {
  const rows = await database.rows<{ task_id: string; delivery_id: string; started_at: Date; ended_at: Date }>(
    `SELECT a.task_id, t.event ->> 'deliveryId' AS delivery_id, a.started_at, a.ended_at
     FROM task_attempts a JOIN tasks t ON t.id = a.task_id
     WHERE t.route_id = '${routeId}' ORDER BY a.started_at, a.attempt`,
  );
  return rows.map(({ task_id, delivery_id, started_at, ended_at }) => {
    const [key = NaN, n = NaN] = delivery_id.split(".").map(Number);
    return { task_id, key, n, startMs: started_at.getTime(), endMs: ended_at.getTime() };
  });
}

/** How many of these were under way at once, at most. */
function peakOf(attempts: readonly Attempt[]): number {
  const moments = attempts.flatMap(({ startMs, endMs }) => [
    { atMs: startMs, change: 1 },
    { atMs: endMs, change: -1 },
  ]);
  // Who ends in the millisecond in which another begins has made room for it.
  moments.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let peak = 0;
  let now = 0;
  for (const { change } of moments) {
    now += change;
    peak = Math.max(peak, now);
  }
  return peak;
}

const isQuiet = `
  SELECT NOT EXISTS (SELECT FROM pending_decisions) AND NOT EXISTS (SELECT FROM debounces)
     AND NOT EXISTS (SELECT FROM tasks WHERE state <> 'completed') AS quiet`;
const whatIsNot = `
  SELECT 'pending' AS kind, '' AS state, count(*)::int FROM pending_decisions
  UNION ALL SELECT 'debounce', '', count(*)::int FROM debounces
  UNION ALL SELECT 'task', state, count(*)::int FROM tasks GROUP BY state`;

describe("a storm of 5,000 events over 50 keys, on two hubs of which one is killed", () => {
  it("becomes exactly the work that the routes say: in order, within limits, with nothing lost or done twice", async function () {
    this.timeout(120_000);
    await using database = await createHubDatabase();
    const { environment } = database;
    await using lasting = await startHubProcess({ environment, settings });
    await using killed = await startHubProcess({ environment, settings });
    const call = clientOf(lasting.url, database.adminKey);
    const create = async (path: string, body: object): Promise<Record<string, string>> => {
      const answer = await call("POST", `/api/v1/${path}`, body);
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      return answer.body;
    };
    const secret = "a GitHub secret";
    const agent = "storm-worker";
    const source = await create("sources", { name: "github", provider: "github", secrets: [secret] });
    await create("agents", { name: agent, runner: { type: "pull" } });
    const routeIds = {} as Record<RouteName, string>;
    for (const [name, route] of Object.entries(routes)) {
      const { id = "" } = await create("routes", { name, agent, ...route });
      routeIds[name as RouteName] = fromWireId("route", id) ?? "";
    }
    const worker = await create("keys", { name: "a worker", role: "worker", agents: [agent] });

    let hubs = [lasting.url, killed.url];
    let calls = 0;
    const target: StormTarget = {
      sourcePath: new URL(source["url"] ?? "").pathname,
      secret,
      workerKey: worker["key"] ?? "",
      agent,
      pickHub: () => hubs[(calls += 1) % hubs.length] ?? "",
    };
    const acknowledged = new Map<string, StormEvent>();
    const refusals = new Map<string, number>();
    const working = new AbortController();
    const worked = workOnStorm(target, 6, working.signal, refusals);
    const half = Promise.withResolvers<void>();
    const sent = sendStorm(target, storm, (eventId, event) => {
      acknowledged.set(eventId, event);
      if (acknowledged.size === (storm.keys * storm.perKey) / 2) half.resolve();
    });
    await half.promise;
    await killed.kill();
    hubs = [lasting.url];
    await sent;
    await database.until(isQuiet, 60, whatIsNot);
    working.abort();
    await worked;

    // Exact counts.
    const total = storm.keys * storm.perKey;
    const events = await database.rows<{ id: string }>("SELECT id FROM events");
    assert.deepEqual([events.length, acknowledged.size], [total, total]);
    const byKind = Object.groupBy(acknowledged.values(), ({ kind }) => kind);
    for (const name of ["ordered", "limited"] as const) {
      const rows = await database.rows<{ delivery_id: string }>(
        `SELECT event ->> 'deliveryId' AS delivery_id FROM tasks WHERE route_id = '${routeIds[name]}'`,
      );
      assert.deepEqual(
        rows.map((row) => row.delivery_id).toSorted(),
        (byKind[name] ?? []).map(({ key, n }) => `${key}.${n}`).toSorted(),
        `${name}: a task for each event`,
      );
    }
    const collections = await database.rows<{ id: string; coalesced: { count: number; events: { id: string }[] } }>(
      `SELECT id, coalesced FROM tasks WHERE route_id = '${routeIds.collected}'`,
    );
    const collected = collections.flatMap(({ coalesced }) => coalesced.events.map((event) => event.id));
    assert.deepEqual(collected.toSorted(), events.map((event) => event.id).toSorted(), "each event in one collection");
    assert.ok(collections.every(({ coalesced }) => coalesced.count === coalesced.events.length));
    // How many there are is a matter of how busy the machine is.
    assert.ok(collections.length < events.length, `${collections.length} collections`);
    const decided = await database.rows(
      `SELECT route_id, outcome, count(*)::int FROM event_decisions WHERE outcome IN ('matched', 'coalesced')
       GROUP BY route_id, outcome ORDER BY count(*)`,
    );
    assert.deepEqual(
      decided.map((row) => Object.values(row)),
      [
        [routeIds.collected, "matched", collections.length],
        [routeIds.limited, "matched", byKind.limited?.length],
        [routeIds.ordered, "matched", byKind.ordered?.length],
        [routeIds.collected, "coalesced", total - collections.length],
      ].toSorted((a, b) => Number(a[2]) - Number(b[2])),
    );

    // Order per key, one at a time, and no key over its limit.
    for (const name of ["ordered", "collected"] as const)
      for (const [key, attempts] of Map.groupBy(await attemptsOf(database, routeIds[name]), (attempt) => attempt.key)) {
        const ns = attempts.filter(({ task_id }, index) => attempts[index - 1]?.task_id !== task_id).map(({ n }) => n);
        assert.deepEqual(
          ns,
          ns.toSorted((a, b) => a - b),
          `${name}: the order of key ${key}`,
        );
        assert.equal(new Set(ns).size, ns.length, `${name}: key ${key} was not gone back to`);
        assert.equal(peakOf(attempts), 1, `${name}: key ${key}, one at a time`);
      }
    const peaks = async (name: RouteName, groupOf: (key: number) => number): Promise<number> => {
      const groups = Map.groupBy(await attemptsOf(database, routeIds[name]), ({ key }) => groupOf(key));
      return Math.max(...[...groups.values()].map(peakOf));
    };
    assert.ok((await peaks("limited", (key) => key)) <= limits.key, "the limit of a key");
    assert.ok((await peaks("ordered", (key) => key % 10)) <= limits.group, "the limit of a group of keys");

    // Nothing is left over.
    for (const table of ["pending_decisions", "debounces", "debounced_events", "task_keys WHERE standing <> 'kept'"])
      assert.deepEqual(await database.rows(`SELECT count(*)::int FROM ${table}`), [{ count: 0 }], table);
    assert.deepEqual(await database.rows("SELECT name FROM pgboss.job WHERE name LIKE 'agent.%'"), []);
    assert.deepEqual(
      [...refusals.keys()].filter((refusal) => refusal !== "complete: 409"),
      [],
    );
    assert.equal(await lasting.stop(), 0);
  });
});
