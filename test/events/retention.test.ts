import assert from "node:assert/strict";
import { applyRetention } from "../../src/events/apply-retention.ts";
import { ensureDailyPartitions } from "../../src/platform/daily-partitions.ts";
import type { Services } from "../../src/platform/services.ts";
import { daySeconds, type OldWork, startOldWork } from "./old-work.ts";

const path = "/api/v1/retention";
const settledTables = [
  "events",
  "tasks",
  "task_attempts",
  "task_events",
  "artifacts",
  "messages",
  "deliveries",
  "attempts",
];
const none = settledTables.map(() => 0);

/** The partitions of a day that are left. */
async function daysLeft(work: OldWork, day: string): Promise<string[]> {
  const text = `SELECT relname AS name FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname LIKE '%' || $1 ORDER BY 1`;
  const rows = await work.rows<{ name: string }>(text, [`_${day}`]);
  return rows.map(({ name }) => name.slice(0, -9));
}

const dayName = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll("-", "");

describe("retention", function () {
  this.timeout(30_000);

  it("is the hub's until a project sets its own, within the hub's", async () => {
    await using work = await startOldWork();
    const { call } = work.hub.test;
    assert.deepEqual((await call("GET", path)).body, { days: 90, maximumDays: 90, isDefault: true });
    const set = await call("PUT", path, { days: 7 });
    assert.deepEqual([set.status, set.body.days, set.body.isDefault], [200, 7, false]);
    for (const days of [0, 91, 1.5, "7", null]) {
      const refused = await call("PUT", path, { days });
      assert.deepEqual([refused.status, refused.body.errors?.[0]?.path], [422, "days"], String(days));
    }
    assert.equal((await call("PUT", path, { daysOld: 1 })).status, 422);
    assert.equal((await call("GET", path)).body.days, 7);
    const other = await work.hub.test.inAnotherProject();
    assert.equal((await other("GET", path)).body.days, 90);
    assert.deepEqual((await call("PUT", path, {})).body, { days: 90, maximumDays: 90, isDefault: true });
    const audit = (await call("GET", "/api/v1/audit")).body.data.filter(
      (entry: { action: string }) => entry.action === "retention.set",
    );
    assert.deepEqual(
      audit.map((entry: { detail: object }) => entry.detail),
      [{ isDefault: true }, { days: 7 }],
    );
  });

  for (const [role, mayRead, maySet] of [
    ["owner", 200, 200],
    ["admin", 200, 200],
    ["operator", 200, 403],
    ["developer", 200, 403],
    ["viewer", 200, 403],
    ["worker", 403, 403],
  ] as const)
    it(`may be ${maySet === 200 ? "set" : mayRead === 200 ? "read" : "neither read nor set"} by ${role}`, async () => {
      await using work = await startOldWork();
      const call = work.hub.test.as(await work.hub.test.keyFor(role, role === "worker" ? ["triager"] : undefined));
      assert.equal((await call("GET", path)).status, mayRead);
      assert.equal((await call("PUT", path, { days: 3 })).status, maySet);
    });

  it("removes what has ended from a project that keeps it for less than the hub, and from no other", async () => {
    await using work = await startOldWork();
    const { test } = work.hub;
    await work.finish("old");
    const other = await test.inAnotherProject();
    assert.equal((await other("POST", "/api/v1/messages", { type: "a.b", data: {} })).status, 202);
    assert.equal((await test.call("PUT", path, { days: 1 })).status, 200);
    await applyRetention(work.services);
    assert.ok(
      (await work.count(...settledTables)).every((count) => count > 0),
      "not before its time",
    );
    test.clock.advanceBy(1.5 * daySeconds);
    await ensureDailyPartitions(work.services.db, test.clock.now(), work.services.log);
    await work.finish("new");
    test.clock.advanceBy(0.2 * daySeconds);
    const before = await work.count(...settledTables);
    await applyRetention(work.services);
    const after = await work.count(...settledTables);
    // Of each the new one is left; of the messages, that of the other project besides.
    assert.deepEqual(
      after,
      before.map((count, index) => (settledTables[index] === "messages" ? (count + 1) / 2 : count / 2)),
    );
    const { data } = (await test.call("GET", "/api/v1/events")).body;
    assert.deepEqual(
      data.map((event: { deliveryId: string }) => event.deliveryId),
      ["new"],
    );
    assert.equal((await other("GET", "/api/v1/messages")).body.data.length, 1);
  });

  it("drops the days that are over for the hub, whole, and what is in no partition", async () => {
    await using work = await startOldWork();
    const { test } = work.hub;
    const day = dayName(test.clock.now());
    await work.finish("old");
    test.clock.advanceBy(50 * daySeconds);
    await work.finish("of a day without a partition");
    assert.deepEqual(await work.count("events_default"), [1]);
    test.clock.advanceBy(39 * daySeconds);
    await applyRetention(work.services);
    assert.equal((await daysLeft(work, day)).length, 5, "89 days are not 90");
    test.clock.advanceBy(2 * daySeconds);
    await applyRetention(work.services);
    assert.deepEqual(await daysLeft(work, day), []);
    assert.deepEqual(await work.count("events", "tasks", "deliveries", "attempts"), [1, 1, 1, 1]);
    test.clock.advanceBy(50 * daySeconds);
    await applyRetention(work.services);
    assert.deepEqual(await work.count(...settledTables), none);
    assert.deepEqual(await work.count("events_default", "attempts_default", "event_decisions"), [0, 0, 0]);
    await work.finish("after all that");
  });

  it("removes each once while two hubs are at it, and goes on where one has died", async () => {
    await using work = await startOldWork();
    const { test } = work.hub;
    const { db, newId, clock } = work.services;
    const { id: endpointId } = (await test.call("POST", "/api/v1/endpoints", { url: work.receiver.url })).body;
    assert.ok(endpointId);
    const ids = Array.from({ length: 1_300 }, () => newId());
    await work.rows(
      `INSERT INTO messages (id, project_id, type, payload, created_at)
       SELECT id, $2, 'a.b', '{}', $3 FROM unnest($1::uuid[]) AS i (id)`,
      [ids, work.projectUuid, new Date(clock.now())],
    );
    await work.rows(
      `INSERT INTO deliveries (id, project_id, message_id, endpoint_id, state, attempts, retries_spent, created_at, settled_at)
       SELECT id, $2, id, $2, 'succeeded', 1, 0, $3, $3 FROM unnest($1::uuid[]) AS i (id)`,
      [ids, work.projectUuid, new Date(clock.now())],
    );
    await work.rows(
      `INSERT INTO attempts (id, delivery_id, project_id, number, outcome, duration_ms, request_headers, response_truncated, started_at)
       SELECT id, id, $2, 1, 'succeeded', 1, '{}', false, $3 FROM unnest($1::uuid[]) AS i (id)`,
      [ids, work.projectUuid, new Date(clock.now())],
    );
    assert.equal((await test.call("PUT", path, { days: 1 })).status, 200);
    test.clock.advanceBy(2 * daySeconds);
    // Dies with its third batch.
    let batches = 0;
    const doomed: Services = {
      ...work.services,
      db: {
        ...db,
        transaction: async (run) => {
          batches += 1;
          if (batches > 2) throw new Error("the process died");
          return await db.transaction(run);
        },
      },
    };
    await assert.rejects(applyRetention(doomed), /the process died/);
    assert.deepEqual(await work.count("deliveries", "attempts", "messages"), [300, 300, 1_300]);
    const another = await test.startAnother();
    await Promise.all([applyRetention(work.services), applyRetention(another.services)]);
    await applyRetention(work.services);
    assert.deepEqual(await work.count("deliveries", "attempts", "messages"), [0, 0, 0]);
  });
});
