import assert from "node:assert/strict";
import { applyRetention } from "../../src/events/apply-retention.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { taskUuid } from "../support/working-hub.ts";
import { daySeconds, type OldWork, startOldWork } from "./old-work.ts";

const farAway = new Date("2100-01-01T00:00:00Z");
const zero = "00000000-0000-0000-0000-000000000000";

const uuidOfEvent = (id: string): string => fromWireId("event", id) as string;

// Each leaves an event, or nothing but what is asked for, of which something is still to come.
const pendingWork: Readonly<Record<string, (work: OldWork, eventUuid: string) => Promise<unknown>>> = {
  "a task that has not ended": async () => {},
  "a task that waits for a person": (work, id) =>
    work.rows("UPDATE tasks SET state = 'input_required' WHERE event_id = $1", [id]),
  "a decision that is yet to be made": async (work, id) => {
    await work.rows("UPDATE tasks SET event_id = NULL WHERE event_id = $1", [id]);
    await work.rows(
      `INSERT INTO pending_decisions (route_id, event_id, generation, project_id, agent_id, routed_at, bytes, candidate)
       VALUES ($2, $1, 0, $2, $2, now(), 1, '{}')`,
      [id, zero],
    );
  },
  "a task that collects it with others": async (work, id) => {
    await work.rows("UPDATE tasks SET event_id = NULL WHERE event_id = $1", [id]);
    await work.rows(
      `INSERT INTO debounced_events (debounce_id, seq, route_id, event_id, generation, type, delivery_id, received_at, routed_at)
       VALUES ($2, 1, $2, $1, 0, 'a', 'b', now(), now())`,
      [id, zero],
    );
  },
  "a paused source that holds it": async (work, id) => {
    await work.rows("UPDATE tasks SET event_id = NULL WHERE event_id = $1", [id]);
    await work.rows("UPDATE sources SET intake = 'paused'");
    await work.rows("INSERT INTO held_events SELECT source_id, id FROM events WHERE id = $1", [id]);
  },
  "a replay that has not come to it": async (work, id) => {
    await work.rows("UPDATE tasks SET event_id = NULL WHERE event_id = $1", [id]);
    await work.rows(
      `INSERT INTO replays (id, project_id, generation, state, filter, rate_per_second, max_events, total, total_is_minimum,
                            done, failed, tasks, pending, due_at, created_at, updated_at)
       VALUES ($1, $2, 99, 'running', '{}', 1, 1, 1, false, 0, 0, 0, 0, $3, now(), now())`,
      [id, work.projectUuid, farAway],
    );
  },
};

describe("what is pending", function () {
  this.timeout(30_000);

  for (const [what, prepare] of Object.entries(pendingWork))
    it(`keeps its event, from a project's retention and from the hub's: ${what}`, async () => {
      await using work = await startOldWork();
      const { test } = work.hub;
      const id = await work.begin("pending");
      await prepare(work, uuidOfEvent(id));
      assert.equal((await test.call("PUT", "/api/v1/retention", { days: 1 })).status, 200);
      test.clock.advanceBy(2 * daySeconds);
      await applyRetention(work.services);
      assert.deepEqual(await work.count("events"), [1]);
      await work.rows("DELETE FROM project_retention");
      test.clock.advanceBy(100 * daySeconds);
      const lines: string[] = [];
      const log = createLogger("warn", { write: (line) => void lines.push(line) });
      await applyRetention({ ...work.services, log });
      assert.deepEqual(await work.count("events", "tasks"), [1, 1]);
      assert.ok(lines.some((line) => line.includes("a day that is over is kept")));
    });

  it("is a task that others wait for, of a key or by its end, or that has a key to remember", async () => {
    await using work = await startOldWork();
    const { hub } = work;
    const agent = await hub.agent();
    const ids: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      const id = await hub.task(agent);
      assert.equal((await hub.test.call("POST", `/api/v1/tasks/${id}/cancel`)).status, 200);
      ids.push(taskUuid(id));
    }
    const [blocking, awaited, kept, plain] = ids;
    const insertKey =
      "INSERT INTO task_keys (task_id, kind, hash, standing, expires_at) VALUES ($1, 'order', 'abc', $2, $3)";
    await work.rows(insertKey, [blocking, "blocking", null]);
    await work.rows(insertKey, [kept, "kept", farAway]);
    await work.rows("INSERT INTO task_dependencies (task_id, dependency_id, failed) VALUES ($1, $2, false)", [
      zero,
      awaited,
    ]);
    hub.test.clock.advanceBy(100 * daySeconds);
    await applyRetention(work.services);
    const left = await work.rows<{ id: string }>("SELECT id FROM tasks ORDER BY id");
    assert.deepEqual(
      left.map(({ id }) => id),
      [blocking, awaited, kept],
    );
    assert.ok(plain);
  });

  it("is a delivery with its message and its attempts, waiting or held, until it has ended", async () => {
    await using work = await startOldWork();
    const { test } = work.hub;
    await work.finish("sent");
    await work.rows("UPDATE deliveries SET state = 'pending', held = true, settled_at = NULL");
    test.clock.advanceBy(100 * daySeconds);
    await applyRetention(work.services);
    assert.deepEqual(await work.count("deliveries", "messages", "attempts", "events", "tasks"), [1, 1, 1, 0, 0]);
    await work.rows("UPDATE deliveries SET state = 'canceled', held = false, settled_at = $1", [
      new Date(test.clock.now()),
    ]);
    await applyRetention(work.services);
    assert.deepEqual(await work.count("deliveries", "messages"), [1, 1], "it ended only now");
    test.clock.advanceBy(91 * daySeconds);
    await applyRetention(work.services);
    assert.deepEqual(await work.count("deliveries", "messages", "attempts"), [0, 0, 0]);
  });

  it("is a message that a running operation has yet to come to", async () => {
    await using work = await startOldWork();
    const { test } = work.hub;
    assert.equal((await test.call("POST", "/api/v1/messages", { type: "a.b", data: {} })).status, 202);
    await work.rows(
      `INSERT INTO bulk_operations (id, project_id, kind, endpoint_id, parameters, state, rate_per_second, total, done, skipped,
                                    actor_kind, actor_id, actor_name, created_at, due_at)
       VALUES ($1, $2, 'replay', $1, '{}', 'running', 1, 1, 0, 0, 'key', 'a', 'b', now(), $3)`,
      [zero, work.projectUuid, farAway],
    );
    test.clock.advanceBy(100 * daySeconds);
    await applyRetention(work.services);
    assert.deepEqual(await work.count("messages"), [1]);
    await work.rows("DELETE FROM bulk_operations");
    await applyRetention(work.services);
    assert.deepEqual(await work.count("messages"), [0]);
  });
});
