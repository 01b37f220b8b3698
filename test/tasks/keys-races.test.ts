import assert from "node:assert/strict";
import type { Hub } from "../../src/hub.ts";
import { agentQueue } from "../../src/agents/agent-queue.ts";
import { eventually } from "../support/eventually.ts";
import type { TestClient } from "../support/test-hub.ts";
import { type Leased, startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

describe("Keys hold over several hubs", function () {
  this.timeout(60_000);
  let hub: WorkingHub;
  let other: Hub;
  let clients: TestClient[];
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 300 } });
    other = await hub.test.startAnother();
    clients = [hub.test.call, hub.test.at(other.url)];
  });
  after(() => hub[Symbol.asyncDispose]());

  const clientAt = (index: number): TestClient => clients[index % clients.length] as TestClient;
  const makeAll = async (agent: string, count: number, keysOf: (index: number) => object): Promise<string[]> => {
    const answers = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        clientAt(index)("POST", "/api/v1/tasks", { agent, input: String(index), keys: keysOf(index) }),
      ),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    return answers.map(({ body }) => body.id);
  };

  /** Works until `total` tasks have ended, with several workers on both hubs; `onLease` sees each task while it is leased. */
  const workOff = async (
    agent: string,
    total: number,
    onLease: (leased: Leased) => Promise<void> | void,
    end: (leased: Leased) => { verb: string; fields?: object } = () => ({ verb: "complete" }),
  ): Promise<void> => {
    let ended = 0;
    const work = async (index: number): Promise<void> => {
      while (ended < total) {
        const leases = await hub.lease(agent, { max: 3, waitSeconds: 1 }, clientAt(index));
        for (const leased of leases) {
          await onLease(leased);
          const { verb, fields = {} } = end(leased);
          assert.equal((await hub.say(leased, verb, fields, clientAt(index + 1))).status, 200);
          ended += 1;
        }
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(work));
  };

  it("no key has more tasks open than its limit, and every task is done", async () => {
    const agent = await hub.agent();
    const limit = 2;
    const ids = await makeAll(agent, 60, (index) => ({ concurrency: { key: `k${index % 5}`, limit } }));
    const text = `SELECT max(open)::int AS most FROM (
                    SELECT count(*) AS open FROM tasks t WHERE t.agent_id = (SELECT agent_id FROM tasks WHERE id = $1)
                      AND t.state = 'working' GROUP BY t.keys -> 'concurrency' ->> 'key') each`;
    await workOff(agent, ids.length, async () => {
      const [row] = await other.services.db.query<{ most: number }>({ text }, [taskUuid(ids[0] ?? "")]);
      assert.ok((row?.most ?? 0) <= limit, `${row?.most} at once`);
    });
    for (const id of ids) assert.equal((await hub.read(id)).state, "completed");
    assert.deepEqual(await leftovers(agent), { keys: 0, jobs: 0 });
  });

  it("each line is worked off in its order, one at a time", async () => {
    const agent = await hub.agent();
    const made: string[] = [];
    // One after the other for each key, so that their order is known; the keys side by side.
    await Promise.all(
      [0, 1, 2, 3].map(async (key) => {
        for (let count = 0; count < 12; count += 1) {
          const body = { agent, input: `${key}:${count}`, keys: { order: `k${key}` } };
          made.push((await clientAt(count)("POST", "/api/v1/tasks", body)).body.id);
        }
      }),
    );
    const seen = new Map<string, number[]>();
    await workOff(
      agent,
      made.length,
      ({ task }) => {
        const [key = "", count] = task.input.split(":");
        seen.set(key, [...(seen.get(key) ?? []), Number(count)]);
      },
      ({ task }) =>
        task.input.endsWith("5")
          ? { verb: "fail", fields: { error: { code: "no", message: "No" }, retryable: false } }
          : { verb: "complete" },
    );
    for (const counts of seen.values())
      assert.deepEqual(
        counts,
        Array.from({ length: 12 }, (_, index) => index),
      );
    assert.equal(seen.size, 4);
    assert.deepEqual(await leftovers(agent), { keys: 0, jobs: 0 });
  });

  it("cancellations, releases and ends at once leave no place taken and no line stuck", async () => {
    const agent = await hub.agent();
    const ids = await makeAll(agent, 40, (index) => ({
      concurrency: { key: `c${index % 4}`, limit: 2 },
      order: `o${index % 10}`,
    }));
    const unwanted = ids.filter((_, index) => index % 3 === 0);
    const canceled = Promise.all(unwanted.map((id, index) => clientAt(index)("POST", `/api/v1/tasks/${id}/cancel`)));
    const hasEnded = async (): Promise<boolean> => {
      const states = await Promise.all(ids.map(async (id) => (await hub.read(id)).state));
      return states.every((state) => state === "completed" || state === "canceled");
    };
    const work = async (index: number): Promise<void> => {
      for (let idle = 0; idle < 3;) {
        const leases = await hub.lease(agent, { max: 2, waitSeconds: 0.5 }, clientAt(index));
        idle = leases.length === 0 ? idle + 1 : 0;
        for (const [at, leased] of leases.entries()) {
          const verb = (index + at) % 4 === 0 && leased.attempt === 1 ? "release" : "complete";
          assert.ok([200, 409].includes((await hub.say(leased, verb, {}, clientAt(at))).status));
        }
      }
    };
    await Promise.all([0, 1, 2, 3].map(work));
    for (const { status } of await canceled) assert.ok([200, 409].includes(status), String(status));
    assert.ok(await hasEnded());
    assert.deepEqual(await leftovers(agent), { keys: 0, jobs: 0 });
  });

  it("of a burst that supersedes itself one task is left", async () => {
    const agent = await hub.agent();
    const ids = await makeAll(agent, 30, () => ({ concurrency: { key: "k", policy: "cancel" } }));
    await eventually(async () => {
      const states = await Promise.all(ids.map(async (id) => (await hub.read(id)).state));
      assert.equal(states.filter((state) => state === "submitted").length, 1);
      assert.equal(states.filter((state) => state === "canceled").length, 29);
    });
    assert.equal((await hub.lease(agent, { max: 9 })).length, 1);
  });

  it("of tasks whose dependencies end at once each starts exactly once", async () => {
    const [agent, last] = [await hub.agent(), await hub.agent()];
    const ids = await makeAll(agent, 10, () => ({}));
    const joins = await Promise.all(
      Array.from({ length: 5 }, (_, index) => hub.task(last, { dependsOn: ids, input: String(index) })),
    );
    const leases = await hub.lease(agent, { max: 10 });
    const done = leases.map((leased, index) => hub.say(leased, "complete", {}, clientAt(index)));
    // Some more are made while the dependencies end.
    const late = Array.from({ length: 5 }, (_, index) =>
      clientAt(index)("POST", "/api/v1/tasks", { agent: last, input: "late", dependsOn: ids }),
    );
    for (const { status } of await Promise.all([...done, ...late])) assert.ok(status < 300);
    const started = await hub.lease(last, { max: 20 });
    assert.equal(started.length, 10);
    for (const id of joins) assert.ok(started.some(({ task }) => task.id === id));
    assert.deepEqual(await hub.lease(last), []);
    const { db } = hub.test.hub.services;
    assert.deepEqual(await db.query({ text: "SELECT * FROM task_dependencies" }, []), []);
  });

  it("a hub that stops leaves its lines to the others", async () => {
    const agent = await hub.agent();
    const third = await hub.test.startAnother();
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.push(await hub.task(agent, { keys: { order: "k" } }));
    const first = await hub.lease(agent, {}, hub.test.at(third.url));
    await third.stop();
    assert.equal(first.length, 1);
    for (const leased of first) assert.equal((await hub.say(leased, "complete")).status, 200);
    const seen: string[] = [];
    await workOff(agent, 3, ({ task }) => void seen.push(task.id));
    assert.deepEqual(seen, ids.slice(1));
  });

  async function leftovers(agent: string): Promise<object> {
    const { db } = hub.test.hub.services;
    const text = `SELECT (SELECT count(*)::int FROM task_keys k JOIN tasks t ON t.id = k.task_id WHERE t.agent_id = a.id) AS keys,
                         (SELECT count(*)::int FROM pgboss.job WHERE name = $2) AS jobs
                  FROM agents a WHERE a.name = $1`;
    const named = await db.query<{ id: string }>({ text: "SELECT id FROM agents WHERE name = $1" }, [agent]);
    const [row] = await db.query({ text }, [agent, agentQueue(named[0]?.id ?? "")]);
    return row ?? {};
  }
});
