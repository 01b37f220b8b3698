import assert from "node:assert/strict";
import { releaseHeldEvents } from "../../src/events/release-held-events.ts";
import type { Database } from "../../src/platform/database.ts";
import { createRouteCache, type RouteCache } from "../../src/routing/route-cache.ts";
import { github, openSource, type SenderSource, storedOf } from "../inbound/senders.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";

describe("the release of held events", () => {
  let test: TestHub;
  let routes: RouteCache;
  before(async () => {
    // Without background work: the tests do it themselves.
    test = await startTestHub({ role: "web" });
    await test.call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" } });
    const route = { name: "all", agent: "triager", task: { input: "${event.deliveryId}" } };
    assert.equal((await test.call("POST", "/api/v1/routes", route)).status, 201);
    routes = createRouteCache(test.hub.services);
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  async function countOf(table: "held_events" | "tasks" | "pgboss.job"): Promise<number> {
    const rows = await test.hub.services.db.query<{ count: number }>(
      { text: `SELECT count(*)::int FROM ${table}` },
      [],
    );
    return rows[0]?.count ?? 0;
  }

  async function hold(count: number): Promise<SenderSource> {
    const source = await openSource(test, github);
    await test.call("POST", `/api/v1/sources/${source.id}/pause`);
    for (let sent = 0; sent < count; sent += 1) storedOf(await source.send());
    return source;
  }

  const intakeOf = async ({ id }: SenderSource): Promise<string> =>
    (await test.call("GET", `/api/v1/sources/${id}`)).body.intake;

  it("routes all of a batch or nothing of it, so that a process that dies on the way leaves it to the next", async () => {
    const { services } = test.hub;
    const source = await hold(3);
    assert.equal(await releaseHeldEvents(services, routes), 0, "while it is paused");
    await test.call("POST", `/api/v1/sources/${source.id}/resume`);
    const before = [await countOf("tasks"), await countOf("pgboss.job")];
    const dying: Database = {
      ...services.db,
      kysely: services.db.kysely,
      transaction: (work) =>
        services.db.transaction(async (tx) => {
          await work(tx);
          throw new Error("died before it committed");
        }),
    };
    await assert.rejects(releaseHeldEvents({ ...services, db: dying }, routes), /died/);
    assert.equal(await countOf("held_events"), 3);
    assert.deepEqual([await countOf("tasks"), await countOf("pgboss.job")], before);
    assert.equal(await intakeOf(source), "resuming");

    assert.equal(await releaseHeldEvents(services, routes), 3);
    assert.equal(await releaseHeldEvents(services, routes), 0);
    assert.equal(await countOf("held_events"), 0);
    assert.deepEqual(
      [await countOf("tasks"), await countOf("pgboss.job")],
      before.map((count) => count + 3),
    );
    assert.equal(await intakeOf(source), "open");
  });

  it("is the work of one process at a time for one source, and of as many as there are for others", async () => {
    const { services } = test.hub;
    const sources = [await hold(2), await hold(2)];
    for (const { id } of sources) await test.call("POST", `/api/v1/sources/${id}/resume`);
    const released = await Promise.all([1, 2, 3].map(() => releaseHeldEvents(services, routes)));
    assert.equal(
      released.reduce((sum, count) => sum + count, 0),
      4,
    );
    for (const source of sources) assert.equal(await intakeOf(source), "open");
  });

  it("opens a source that held nothing", async () => {
    const source = await hold(0);
    await test.call("POST", `/api/v1/sources/${source.id}/resume`);
    assert.equal(await releaseHeldEvents(test.hub.services, routes), 0);
    assert.equal(await intakeOf(source), "open");
  });
});
