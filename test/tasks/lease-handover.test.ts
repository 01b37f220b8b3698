import assert from "node:assert/strict";
import { createAgentNames } from "../../src/agents/agent-cache.ts";
import type { Context } from "../../src/access/context.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import type { TaskServices } from "../../src/tasks/announce-tasks.ts";
import { leaseForWorker } from "../../src/tasks/lease-for-worker.ts";
import { TaskWaiters } from "../../src/tasks/task-waiters.ts";
import { startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

describe("A task that was leased and could not be handed over", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const lease = async (agent: string, isGone: boolean): Promise<unknown[]> => {
    const { services } = hub.test.hub;
    const projectId = fromWireId("project", hub.test.projectId) ?? "";
    const actor = { kind: "key", id: "a key", name: "A worker", projectId, role: "worker", agents: [agent] } as const;
    const ctx: Context & TaskServices = { ...services, actor };
    const waiters = new TaskWaiters(services.signals);
    const { signal } = new AbortController();
    const request = { workerId: "w", agents: [agent], max: 10, waitSeconds: 0 };
    try {
      return await leaseForWorker(ctx, createAgentNames(services), waiters, request, { signal, isGone: () => isGone });
    } finally {
      waiters.stop();
    }
  };

  const isBack = async (id: string): Promise<void> => {
    const task = await hub.read(id);
    assert.deepEqual([task.state, task.attempts[0].outcome], ["submitted", "released"]);
    assert.equal(await hub.job(id), "created");
    const again = await hub.leaseOne(task.agent);
    // Nobody worked on it: it is its first attempt still.
    assert.deepEqual([again.task.id, again.attempt], [id, 1]);
  };

  it("waits again when its worker has gone", async () => {
    const agent = await hub.agent({ maxAttempts: 1 });
    const id = await hub.task(agent);
    assert.deepEqual(await lease(agent, true), []);
    await isBack(id);
  });

  it("waits again when its event cannot be read", async () => {
    const agent = await hub.agent({ maxAttempts: 1 });
    const id = await hub.task(agent);
    const { db, newId } = hub.test.hub.services;
    const event = { id: newId(), type: "push", sourceId: newId(), deliveryId: "1" };
    const values = [taskUuid(id), JSON.stringify(event)];
    await db.query({ text: "UPDATE tasks SET event = $2 WHERE id = $1" }, values);
    await db.query({ text: "ALTER TABLE sources RENAME TO sources_away" }, []);
    try {
      await assert.rejects(lease(agent, false), /sources/);
    } finally {
      await db.query({ text: "ALTER TABLE sources_away RENAME TO sources" }, []);
    }
    await isBack(id);
  });

  it("waits again when it is too much for one answer, and the first never is", async () => {
    const agent = await hub.agent();
    const ids: string[] = [];
    const { db, newId } = hub.test.hub.services;
    const insert = `INSERT INTO events (id, project_id, source_id, provider, type, delivery_id, received_at, headers, body)
                    VALUES ($1, $1, $1, 'github', 'push', '1', now(), '{}', convert_to(repeat('x', $2), 'UTF8'))`;
    for (const megabytes of [20, 7, 7, 1, 7]) {
      const id = await hub.task(agent);
      const event = { id: newId(), type: "push", sourceId: newId(), deliveryId: "1" };
      await db.query({ text: insert }, [event.id, megabytes * 1024 * 1024]);
      const values = [taskUuid(id), JSON.stringify(event)];
      await db.query({ text: "UPDATE tasks SET event = $2 WHERE id = $1" }, values);
      ids.push(id);
    }
    for (const expected of [ids.slice(0, 1), ids.slice(1, 4), ids.slice(4)]) {
      const leased = await hub.lease(agent, { max: 10 });
      assert.deepEqual(
        leased.map(({ task }) => task.id),
        expected,
      );
    }
  });
});
