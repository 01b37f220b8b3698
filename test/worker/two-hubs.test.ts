import assert from "node:assert/strict";
import type { Hub } from "../../src/hub.ts";
import type { TestClient } from "../support/test-hub.ts";
import { type Leased, startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

const error = { code: "broken", message: "It broke" };

/** Numbers that look random and are the same each time (Mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface TaskFacts {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly attempts_charged: number;
  readonly max_attempts: number;
  readonly numbers: number[];
  readonly outcomes: (string | null)[];
  readonly said: string[];
  readonly jobs: number;
}

const selectFacts = `
  SELECT t.id, t.state, t.attempt, t.attempts_charged, t.max_attempts,
         ARRAY(SELECT attempt FROM task_attempts WHERE task_id = t.id ORDER BY attempt) AS numbers,
         ARRAY(SELECT outcome FROM task_attempts WHERE task_id = t.id ORDER BY attempt) AS outcomes,
         ARRAY(SELECT type FROM messages WHERE task_id = t.id ORDER BY id) AS said,
         (SELECT count(*)::int FROM pgboss.job WHERE id = t.id) AS jobs
  FROM tasks t WHERE t.id = ANY ($1)`;

describe("Two hubs on one database", () => {
  let hub: WorkingHub;
  let other: Hub;
  before(async () => {
    hub = await startWorkingHub({
      api: { rateLimitPerSecond: 100_000 },
      tasks: { leaseSeconds: 60, timeoutSeconds: 200, maxAttempts: 4, retryBaseSeconds: 5, retryMaxSeconds: 20 },
    });
    other = await hub.test.startAnother();
  });
  after(() => hub[Symbol.asyncDispose]());

  it("give each task to one worker", async () => {
    const agent = await hub.agent();
    const ids = await Promise.all(Array.from({ length: 60 }, () => hub.task(agent)));
    const clients = [hub.test.call, hub.test.at(other.url)];
    const leases = await Promise.all(
      Array.from({ length: 40 }, (_, index) => hub.lease(agent, { max: 2 }, clients[index % 2])),
    );
    assert.deepEqual(leases.flatMap((tasks) => tasks.map(({ task }) => task.id)).toSorted(), ids.toSorted());
  });

  it("bring 200 tasks to one end each, whatever 20 workers do to them", async () => {
    const random = createRandom(7);
    const limit = 6;
    const agents = [await hub.agent({ concurrency: limit }), await hub.agent()];
    const ids = await Promise.all(Array.from({ length: 200 }, (_, index) => hub.task(agents[index % 2] as string)));
    const uuids = ids.map(taskUuid);
    const { db } = hub.test.hub.services;
    const seen = new Set<string>();
    const ends = new Map<string, string[]>();
    const lost: Leased[] = [];
    const over = new AbortController();

    const end = async (leased: Leased, client: TestClient): Promise<void> => {
      const [verb, fields] =
        random() < 0.8 ? (["complete", { result: 1 }] as const) : (["fail", { error, retryable: false }] as const);
      const { status, body } = await hub.say(leased, verb, fields, client);
      assert.ok(status === 200 || status === 409, `${status}`);
      const { id } = leased.task;
      if (status === 200) ends.set(id, [...(ends.get(id) ?? []), body.state]);
    };
    const doSomething = async (leased: Leased, client: TestClient): Promise<void> => {
      assert.equal(seen.has(leased.leaseToken), false, "a lease was given twice");
      seen.add(leased.leaseToken);
      const dice = random();
      if (dice < 0.55) await end(leased, client);
      else if (dice < 0.7) {
        const retry = { error, retryable: true, retryAfterSeconds: random() < 0.5 ? 0 : 10 };
        assert.ok([200, 409].includes((await hub.say(leased, "fail", retry, client)).status));
      } else if (dice < 0.85) assert.ok([200, 409].includes((await hub.say(leased, "release", {}, client)).status));
      else lost.push(leased);
    };
    const work = async (client: TestClient, wanted: readonly string[]): Promise<void> => {
      while (!over.signal.aborted) {
        for (const leased of await hub.lease(wanted, { max: 1 + Math.floor(random() * 3), waitSeconds: 0.5 }, client))
          await doSomething(leased, client);
        // Some come back with what they lost long ago.
        const late = random() < 0.2 ? lost.shift() : undefined;
        if (late !== undefined) await end(late, client);
      }
    };
    const supervise = async (): Promise<void> => {
      const deadline = performance.now() + 15_000;
      const open = { text: "SELECT count(*)::int AS open FROM tasks WHERE id = ANY ($1) AND settled_at IS NULL" };
      const busy = {
        text: `SELECT count(*)::int AS busy FROM tasks t JOIN agents a ON a.id = t.agent_id
               WHERE a.name = $1 AND t.state = 'working'`,
      };
      for (;;) {
        const [left] = await db.query<{ open: number }>(open, [uuids]);
        if (left?.open === 0) break;
        assert.ok(performance.now() < deadline, `${left?.open} tasks are still open`);
        const [under] = await db.query<{ busy: number }>(busy, [agents[0]]);
        assert.ok((under?.busy ?? 0) <= limit, `${under?.busy} at once`);
        hub.test.clock.advanceBy(15);
        await Promise.all([hub.test.hub.processAll(), other.processAll()]);
      }
    };
    const clients = [hub.test.call, hub.test.at(other.url)];
    const workers = Array.from({ length: 20 }, (_, index) =>
      work(
        clients[index % 2] as TestClient,
        index % 5 === 0 ? agents.toReversed() : index % 3 === 0 ? agents.slice(1) : agents,
      ),
    );
    const watched = supervise().finally(() => {
      over.abort();
    });
    await Promise.all([watched, ...workers]);

    for (const task of await db.query<TaskFacts>({ text: selectFacts }, [uuids])) {
      const id = ids[uuids.indexOf(task.id)] as string;
      assert.ok(task.state === "completed" || task.state === "failed");
      assert.deepEqual(task.said, [`task.${task.state}`]);
      assert.equal(task.jobs, 0);
      const charged = task.outcomes.filter((outcome) => outcome !== "released").length;
      assert.deepEqual(
        task.numbers,
        Array.from({ length: task.attempt }, (_, index) => index + 1),
      );
      assert.ok(task.outcomes.every((outcome) => outcome !== null));
      assert.equal(task.attempts_charged, charged);
      assert.ok(charged <= task.max_attempts);
      // Whoever was told that its end holds was told the truth, and nobody else was.
      const told = ends.get(id) ?? [];
      assert.ok(told.length <= 1, `${told.length} ends of one task`);
      if (told.length === 1) assert.equal(task.state, told[0]);
    }
  }).timeout(20_000);
});
